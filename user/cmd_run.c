// SPDX-License-Identifier: Apache-2.0
/*
 * cmd_run.c - kestrel run: compile, deploy, watch.
 */
#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../compiler/err.h"
#include "cmd.h"
#include "log.h"
#include "privileges.h"
#include "ruleset.h"
#include "watch.h"

enum { OPT_DURATION = 0x100, OPT_LOG_LEVEL, OPT_READY_FILE, OPT_SUMMARY, OPT_COLOUR };

static const struct argp_option options[] = {
	{ "rules", 'r', "DIR", 0, "directory (or file) of .eql rules", 0 },
	{ "object", 'O', "FILE", 0, "run a ruleset object that kestrelc built", 0 },
	{ "output", 'o', "FORMAT", 0,
	  "json, compact or auto: compact on a terminal, JSON elsewhere (auto)", 0 },
	{ "color", OPT_COLOUR, "WHEN", 0, "always, never or auto (auto)", 0 },
	{ "duration", OPT_DURATION, "SECONDS", 0, "stop after this time", 0 },
	{ "summary", OPT_SUMMARY, NULL, 0, "at the end, tables by hook and by rule", 0 },
	{ "ready-file", OPT_READY_FILE, "PATH", 0, "write the pid here once every hook is attached",
	  0 },
	{ "log-level", OPT_LOG_LEVEL, "LEVEL", 0, "error, warn, info, debug or trace (info)", 0 },
	{ 0 },
};

struct run {
	const char *rules, *object;
	struct watch_options watch;
};

/* The position of a word in a NULL-terminated list; ends the program when it is not there. */
static int choice(struct argp_state *state, const char *option, const char *arg,
		  const char *const *words)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(arg, words[i]) == 0)
			return i;
	}
	argp_error(state, "--%s: unknown value '%s'", option, arg);
	return 0;
}

static uint32_t seconds(struct argp_state *state, const char *arg)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(arg, &end, 10);
	if (errno || end == arg || *end || n <= 0 || n > INT_MAX)
		argp_error(state, "--duration needs a positive number of seconds, not '%s'", arg);
	return (uint32_t)n;
}

static void check(struct argp_state *state, const struct run *r)
{
	if (!r->rules && !r->object)
		argp_error(state, "say what to run: --rules DIR or --object FILE");
	if (r->rules && r->object)
		argp_error(state, "--rules and --object exclude each other");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const formats[] = { "auto", "json", "compact", NULL };
	static const char *const colours[] = { "auto", "always", "never", NULL };
	struct run *r = state->input;

	switch (key) {
	case 'r':
		r->rules = arg;
		return 0;
	case 'O':
		r->object = arg;
		return 0;
	case 'o':
		r->watch.format = (enum output_format)choice(state, "output", arg, formats);
		return 0;
	case OPT_COLOUR:
		r->watch.colour = (enum output_colour)choice(state, "color", arg, colours);
		return 0;
	case OPT_DURATION:
		r->watch.duration_s = seconds(state, arg);
		return 0;
	case OPT_SUMMARY:
		r->watch.summary = true;
		return 0;
	case OPT_READY_FILE:
		r->watch.ready_file = arg;
		return 0;
	case OPT_LOG_LEVEL:
		if (!log_level_set(arg))
			argp_error(state, "--log-level: unknown level '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument: %s", arg);
		return 0;
	case ARGP_KEY_END:
		check(state, r);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Compile rules (or take a compiled ruleset), attach to the kernel, and print an "
	       "alert for every rule that is true of an event. Stops at SIGINT or SIGTERM."
	       "\v" EXIT_CODES_DOC,
};

int cmd_run(int argc, char **argv)
{
	autoptr(arena) arena = arena_new();
	struct ruleset rs = { 0 };
	struct run r = { 0 };
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &r);
	code = r.rules ? ruleset_build(arena, r.rules, &rs) : ruleset_load(arena, r.object, &rs);
	if (code != EXIT_OK)
		return code;
	if (!privileges_check())
		return EXIT_FAILED;
	r.watch.rules_name = r.rules ? r.rules : r.object;
	return watch(rs.image, rs.len, &rs.info, &r.watch);
}
