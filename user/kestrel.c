// SPDX-License-Identifier: Apache-2.0
/*
 * kestrel.c - everything an operator types: finds the sub-command and hands over.
 */
#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../compiler/diag.h"
#include "../compiler/err.h"
#include "cmd.h"
#include "log.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", cmd_run, "compile rules, watch this machine, print alerts" },
	{ "validate", cmd_validate, "check rules and show every mistake" },
	{ "list", cmd_list, "list the rules of a directory" },
	{ "schema", cmd_schema, "show the events and fields that rules can use" },
};

static void print_help(FILE *out)
{
	fputs("Usage: kestrel COMMAND [OPTION...]\n"
	      "Watches a Linux machine by EQL rules that the kernel itself decides.\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n  -h, --help       this text; after a command, what it takes\n"
	      "  -V, --version    the version\n\n" EXIT_CODES_DOC "\n",
	      out);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int unknown(const char *word)
{
	const char *names[ARRAY_SIZE(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	near = word[0] == '-' ? NULL : suggest(word, names, ARRAY_SIZE(names));
	log_error("unknown %s: %s", word[0] == '-' ? "option" : "command", word);
	if (near)
		log_hint("did you mean %s?", near);
	else
		log_hint("kestrel --help lists the commands");
	return EXIT_USAGE;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* argp prints argv[0] in its messages: "kestrel run". */
static int run(const struct command *c, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "kestrel %s", c->name);
	argv[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	return c->run(argc, argv);
}

/* What was asked for but could not be said is a failure: kestrel list >/dev/full. */
static int flush_stdout(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	log_error("cannot write to standard output: %s", strerror(errno));
	return code == EXIT_OK ? EXIT_FAILED : code;
}

/*
 * A standard stream that was closed would become the next file that is opened: alerts would go to a
 * BPF map. In its place comes one that refuses what is done with it.
 */
static bool occupy_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_PATH) != fd)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (!occupy_standard_streams()) {
		log_error("cannot open /dev/null: %s", strerror(errno));
		return EXIT_FAILED;
	}
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "--version", "-V")) {
		puts("kestrel " KESTREL_VERSION);
		return flush_stdout(EXIT_OK);
	}
	if (is_one_of(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return flush_stdout(EXIT_OK);
	}
	c = find(argv[1]);
	if (!c)
		return unknown(argv[1]);
	return flush_stdout(run(c, argc - 1, argv + 1));
}
