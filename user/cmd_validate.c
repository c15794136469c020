// SPDX-License-Identifier: Apache-2.0
/*
 * cmd_validate.c - kestrel validate: every mistake of every rule, with place and hint.
 *
 * The rules also go through the whole compiler, since a limit can be met only there.
 */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "../compiler/compile.h"
#include "../compiler/err.h"
#include "cmd.h"
#include "log.h"
#include "ruleset.h"

static const struct argp_option options[] = {
	{ "rules", 'r', "DIR", 0, "directory (or file) of .eql rules", 0 },
	{ "rule", 'R', "NAME", 0, "only this one: its id, name or file name", 0 },
	{ 0 },
};

struct validate {
	const char *rules, *rule;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct validate *v = state->input;

	switch (key) {
	case 'r':
		v->rules = arg;
		return 0;
	case 'R':
		v->rule = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument: %s", arg);
		return 0;
	case ARGP_KEY_END:
		if (!v->rules)
			argp_error(state, "--rules DIR is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Check rules and show every mistake with its place and a hint.\v" EXIT_CODES_DOC,
};

/* Whether a source is the file `name`, `name`.eql, wherever it lies. */
static bool is_file(const struct source *src, const char *name)
{
	const char *slash = strrchr(src->name, '/');
	const char *base = slash ? slash + 1 : src->name;
	const size_t len = strlen(name);

	if (strcmp(src->name, name) == 0 || strcmp(base, name) == 0)
		return true;
	return strncmp(base, name, len) == 0 && strcmp(base + len, ".eql") == 0;
}

static bool is_rule(const struct rule *r, const char *name)
{
	return strcmp(r->id, name) == 0 || strcmp(r->name, name) == 0 || is_file(r->src, name);
}

/* Keep what is about the rule `name`: rules by any of its names, diagnostics by their file. */
static void select_rule(struct rules *rules, struct diags *d, const char *name)
{
	const struct source *src = NULL;
	size_t nr_rules = 0, nr_diags = 0, nr_errors = 0;

	for (size_t i = 0; i < rules->nr; i++) {
		if (!is_rule(rules->v[i], name))
			continue;
		src = rules->v[i]->src;
		rules->v[nr_rules++] = rules->v[i];
	}
	for (size_t i = 0; i < d->nr; i++) {
		const struct source *at = d->v[i].span.src;

		if (!at || (at != src && !is_file(at, name)))
			continue;
		nr_errors += d->v[i].level == DIAG_ERROR;
		d->v[nr_diags++] = d->v[i];
	}
	rules->nr = nr_rules;
	d->nr = nr_diags;
	d->nr_errors = nr_errors;
}

static int no_such_rule(struct arena *a, const struct rules *rules, const char *name)
{
	const char **ids = arena_array(a, rules->nr + 1, const char *);
	const char *near;

	for (size_t i = 0; i < rules->nr; i++)
		ids[i] = rules->v[i]->id;
	near = suggest(name, ids, rules->nr);
	log_error("no rule is named %s", name);
	if (near)
		log_hint("did you mean %s?", near);
	else
		log_hint("kestrel list --rules DIR shows them");
	return EXIT_FAILED;
}

/* The exit code for rules that were read; the diagnostics grow by the compiler's. */
static int check(struct arena *a, const struct validate *v, struct rules *rules, struct diags *d)
{
	struct rules all = *rules;
	void *image;
	size_t len;

	if (v->rule) {
		all.v = arena_array(a, rules->nr + 1, struct rule *);
		memcpy(all.v, rules->v, rules->nr * sizeof(*all.v));
		select_rule(rules, d, v->rule);
		if (rules->nr == 0 && d->nr == 0)
			return no_such_rule(a, &all, v->rule);
	}
	if (d->nr_errors == 0 && !compile_build(a, rules, d, &image, &len))
		return EXIT_RULES;
	return d->nr_errors > 0 ? EXIT_RULES : EXIT_OK;
}

int cmd_validate(int argc, char **argv)
{
	autoptr(arena) arena = arena_new();
	struct validate v = { 0 };
	struct rules rules = { 0 };
	struct diags d;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &v);
	diags_init(&d, arena);
	code = ruleset_read(arena, v.rules, &rules, &d);
	if (code == EXIT_OK || d.nr_errors > 0)
		code = check(arena, &v, &rules, &d);
	ruleset_report(&d);
	if (code == EXIT_OK)
		printf("%zu rule%s valid\n", rules.nr, rules.nr == 1 ? " is" : "s are");
	return code;
}
