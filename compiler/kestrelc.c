// SPDX-License-Identifier: Apache-2.0
/*
 * kestrelc.c - the command: arguments in, passes run, diagnostics out.
 *
 * Exit codes: 0 ok, 1 failed, 2 usage, 3 rules rejected. Results go to standard output,
 * diagnostics and errors to standard error.
 */
#include <argp.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "compile.h"
#include "err.h"
#include "frontend.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REJECTED = 3 };

#define EXIT_DOC                                                                   \
	"\vRULES is a rule file, a directory that is searched for .eql files, or " \
	"- for standard input.\n\n"                                                \
	"Exit status: 0 ok, 1 failed, 2 wrong usage, 3 rules rejected."

const char *argp_program_version = "kestrelc " KESTREL_VERSION;

/* One compilation: what the command line says, and what comes of it. */
struct run {
	struct arena *arena;
	struct diags d;
	char **paths;
	size_t nr_paths;
	const char *query;  /* --query */
	const char *output; /* build */
	const char *pass;   /* dump */
	bool colour;
};

/* Arguments that all commands on rules share */

enum { OPT_COLOUR = 256 };

static const struct argp_option rules_options[] = {
	{ "query", 'q', "TEXT", 0, "Take this text as a rule, beside or instead of RULES", 0 },
	{ "color", OPT_COLOUR, NULL, 0, "Colour the diagnostics", 0 },
	{ "colour", OPT_COLOUR, NULL, OPTION_ALIAS, NULL, 0 },
	{ 0 },
};

static error_t parse_rules_option(int key, char *arg, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case 'q':
		run->query = arg;
		return 0;
	case OPT_COLOUR:
		run->colour = true;
		return 0;
	case ARGP_KEY_ARGS:
		run->paths = state->argv + state->next;
		run->nr_paths = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (!run->nr_paths && !run->query)
			argp_error(state, "no RULES given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Reading */

static int report_unreadable(const char *path, int err)
{
	if (err == -ENODATA)
		fprintf(stderr, "kestrelc: cannot read %s: it holds no .eql file\n", path);
	else
		fprintf(stderr, "kestrelc: cannot read %s: %s\n", path, strerror(-err));
	return EXIT_FAILED;
}

static int read_sources(struct run *run, struct sources *sources)
{
	struct source *src;

	for (size_t i = 0; i < run->nr_paths; i++) {
		int err = sources_read(run->arena, run->paths[i], sources, &run->d);

		if (err)
			return report_unreadable(run->paths[i], err);
	}
	if (run->query) {
		src = source_new(run->arena, "<query>", run->query, strlen(run->query));
		vec_push(run->arena, sources->v, sources->nr, sources->cap, src);
	}
	return EXIT_OK;
}

/* Every good rule, even when others are wrong. */
static int read_rules(struct run *run, struct rules *rules)
{
	struct sources sources = { 0 };
	int ret = read_sources(run, &sources);

	for (size_t i = 0; i < sources.nr && ret == EXIT_OK; i++)
		rules_add_source(run->arena, sources.v[i], rules, &run->d);
	return ret;
}

/* Print what was collected; the exit status it asks for. */
static int finish(struct run *run)
{
	diag_print(stderr, &run->d, run->colour);
	return run->d.nr_errors ? EXIT_REJECTED : EXIT_OK;
}

static int flush_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_OK;
	fprintf(stderr, "kestrelc: cannot write the output: %s\n", strerror(errno));
	return EXIT_FAILED;
}

/* Writing the object */

static int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_in_place(const char *path, const void *data, size_t len)
{
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_all(fd, data, len);
}

/* mkstemp() makes a private file; an output file has the mode that open() would give it. */
static int publish(int fd, const char *temp, const char *path, const void *data, size_t len)
{
	mode_t mask = umask(0);
	int err;

	umask(mask);
	err = write_all(fd, data, len);
	if (err)
		return err;
	if (fchmod(fd, 0666 & ~mask) < 0 || fsync(fd) < 0 || rename(temp, path) < 0)
		return -errno;
	return 0;
}

/* Whole or not at all. What is no regular file (/dev/null, a pipe) is not replaced. */
static int write_file(struct arena *a, const char *path, const void *data, size_t len)
{
	char *temp = arena_printf(a, "%s.XXXXXX", path);
	autoclose int fd = -1;
	struct stat st;
	int err;

	if (strcmp(path, "-") == 0)
		return write_all(STDOUT_FILENO, data, len);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_in_place(path, data, len);
	fd = mkstemp(temp);
	if (fd < 0)
		return -errno;
	err = publish(fd, temp, path, data, len);
	if (err)
		unlink(temp);
	return err;
}

/* build */

static error_t parse_build_option(int key, char *arg, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case 'o':
		run->output = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = run;
		return 0;
	case ARGP_KEY_END:
		if (!run->output)
			argp_error(state, "no output file given (-o FILE)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_build(struct run *run)
{
	struct rules rules = { 0 };
	void *image = NULL;
	size_t len = 0;
	int ret = read_rules(run, &rules);
	bool built = ret == EXIT_OK && !run->d.nr_errors &&
		     compile_build(run->arena, &rules, &run->d, &image, &len);
	int err;

	if (finish(run) == EXIT_REJECTED && ret == EXIT_OK)
		ret = EXIT_REJECTED;
	if (!built)
		return ret == EXIT_OK ? EXIT_FAILED : ret;
	err = write_file(run->arena, run->output, image, len);
	if (!err)
		return EXIT_OK;
	fprintf(stderr, "kestrelc: cannot write %s: %s\n", run->output, strerror(-err));
	return EXIT_FAILED;
}

/* check */

static int run_check(struct run *run)
{
	struct rules rules = { 0 };
	int ret = read_rules(run, &rules);
	int rejected = finish(run);

	if (ret != EXIT_OK)
		return ret;
	printf("%zu rules, %zu errors, %zu warnings\n", rules.nr, run->d.nr_errors,
	       run->d.nr - run->d.nr_errors);
	ret = flush_output();
	return ret != EXIT_OK ? ret : rejected;
}

/* explain */

static int run_explain(struct run *run)
{
	struct rules rules = { 0 };
	int ret = read_rules(run, &rules);
	int rejected;

	if (ret == EXIT_OK && !run->d.nr_errors)
		compile_explain(stdout, run->arena, &rules, &run->d);
	if (flush_output() != EXIT_OK)
		ret = EXIT_FAILED;
	rejected = finish(run);
	return ret != EXIT_OK ? ret : rejected;
}

/* dump */

static const char *const front_passes[] = { "lex", "parse", "sema" };
static const char *const back_passes[] = { "nf",   "specialise", "atom",  "automata",
					   "plan", "gen",        "object" };

static bool is_one_of(const char *word, const char *const *words, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

static void dump_lex_or_parse(struct run *run, const struct sources *sources)
{
	for (size_t i = 0; i < sources->nr; i++) {
		const struct source *src = sources->v[i];
		const struct query *q;

		if (sources->nr > 1)
			printf("%s// %s\n", i ? "\n" : "", src->name);
		if (strcmp(run->pass, "lex") == 0) {
			lex_dump(stdout, src, &run->d);
			continue;
		}
		q = parse_query(src, &run->d);
		if (q)
			query_dump(stdout, q);
	}
}

static void dump_sema(const struct rules *rules)
{
	for (size_t i = 0; i < rules->nr; i++) {
		if (rules->nr > 1)
			printf("%s// %s\n", i ? "\n" : "", rules->v[i]->src->name);
		query_dump(stdout, rules->v[i]->query);
	}
}

static int dump_pass(struct run *run)
{
	struct sources sources = { 0 };
	struct rules rules = { 0 };
	int ret;

	if (strcmp(run->pass, "lex") == 0 || strcmp(run->pass, "parse") == 0) {
		ret = read_sources(run, &sources);
		if (ret == EXIT_OK)
			dump_lex_or_parse(run, &sources);
		return ret;
	}
	ret = read_rules(run, &rules);
	if (ret != EXIT_OK)
		return ret;
	if (strcmp(run->pass, "sema") == 0)
		dump_sema(&rules);
	else if (!run->d.nr_errors && !compile_dump(stdout, run->pass, run->arena, &rules, &run->d))
		return run->d.nr_errors ? EXIT_REJECTED : EXIT_FAILED;
	return EXIT_OK;
}

static int run_dump(struct run *run)
{
	int ret = dump_pass(run);
	int rejected;

	if (flush_output() != EXIT_OK)
		ret = EXIT_FAILED;
	rejected = finish(run);
	return ret != EXIT_OK ? ret : rejected;
}

/* The first argument is the pass, the others are rules. */
static error_t parse_dump_option(int key, char *arg, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = run;
		return 0;
	case ARGP_KEY_ARG:
		if (run->pass)
			return ARGP_ERR_UNKNOWN;
		if (!is_one_of(arg, front_passes, ARRAY_SIZE(front_passes)) &&
		    !is_one_of(arg, back_passes, ARRAY_SIZE(back_passes)))
			argp_error(state, "there is no pass `%s`", arg);
		run->pass = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no PASS given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* schema */

static error_t parse_schema_option(int key, char *arg, struct argp_state *state)
{
	struct run *run = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (run->pass)
		argp_error(state, "too many arguments");
	run->pass = arg;
	return 0;
}

static int run_schema(struct run *run)
{
	const char *what = run->pass ? run->pass : "fields";
	const char *name = strncmp(what, "field:", 6) == 0 ? what + 6 : NULL;
	const char *near = name ? field_suggest(name) : NULL;

	if (schema_show(stdout, what) == 0)
		return flush_output();
	if (!name) {
		fprintf(stderr,
			"kestrelc: there is no schema `%s`: write events, fields or "
			"field:NAME\n",
			what);
		return EXIT_USAGE;
	}
	fprintf(stderr, "kestrelc: unknown field \"%s\"\n", name);
	if (near)
		fprintf(stderr, "hint: did you mean \"%s\"?\n", near);
	return EXIT_FAILED;
}

/* Commands */

static const struct argp_option build_options[] = {
	{ "output", 'o', "FILE", 0, "Write the ruleset object here (- for standard output)", 0 },
	{ 0 },
};

static const struct argp rules_argp = { .options = rules_options, .parser = parse_rules_option };
static const struct argp_child rules_child[] = { { .argp = &rules_argp }, { 0 } };

static const struct command {
	const char *name;
	int (*run)(struct run *run);
	struct argp argp;
} commands[] = {
	{ "build",
	  run_build,
	  { .options = build_options,
	    .parser = parse_build_option,
	    .children = rules_child,
	    .args_doc = "RULES... -o FILE",
	    .doc = "Compile rules to a ruleset object. The file is written whole or not at "
		   "all." EXIT_DOC } },
	{ "check",
	  run_check,
	  { .options = rules_options,
	    .parser = parse_rules_option,
	    .args_doc = "RULES...",
	    .doc = "Check rules and print what is wrong with them." EXIT_DOC } },
	{ "explain",
	  run_explain,
	  { .options = rules_options,
	    .parser = parse_rules_option,
	    .args_doc = "RULES...",
	    .doc = "Print, for each rule, what the kernel decides, at which hooks, and what is "
		   "left to user space." EXIT_DOC } },
	{ "dump",
	  run_dump,
	  { .parser = parse_dump_option,
	    .children = rules_child,
	    .args_doc = "PASS RULES...",
	    .doc = "Print the result of a pass of the compiler: lex, parse, sema, nf, specialise, "
		   "atom, automata, plan, gen or object." EXIT_DOC } },
	{ "schema",
	  run_schema,
	  { .parser = parse_schema_option,
	    .args_doc = "[WHAT]",
	    .doc = "Print what rules can refer to. WHAT is events, fields (the default) or "
		   "field:NAME.\vExit status: 0 ok, 1 no such field, 2 wrong usage." } },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	autoptr(arena) arena = arena_new();
	struct run run = { .arena = arena };
	char title[32];

	snprintf(title, sizeof(title), "kestrelc %s", c->name);
	argv[0] = title;
	diags_init(&run.d, arena);
	if (argp_parse(&c->argp, argc, argv, 0, NULL, &run))
		return EXIT_USAGE;
	return c->run(&run);
}

/* The command word ends the options of kestrelc itself; the rest is the command's. */
static error_t parse_main_option(int key, char *arg, struct argp_state *state)
{
	int *first = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (!find_command(arg))
			argp_error(state, "there is no command `%s`", arg);
		*first = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp main_argp = {
	.parser = parse_main_option,
	.args_doc = "COMMAND [ARGUMENT...]",
	.doc = "Compile EQL rules to a ruleset object that decides in the kernel."
	       "\vCommands:\n"
	       "  build    compile rules to a ruleset object\n"
	       "  check    check rules and print what is wrong with them\n"
	       "  explain  print what of each rule runs in the kernel\n"
	       "  dump     print the result of a pass of the compiler\n"
	       "  schema   print the events and fields that rules can refer to\n\n"
	       "`kestrelc COMMAND --help` tells more.\n\n"
	       "Exit status: 0 ok, 1 failed, 2 wrong usage, 3 rules rejected.",
};

int main(int argc, char **argv)
{
	int first = 0;

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&main_argp, argc, argv, ARGP_IN_ORDER, NULL, &first))
		return EXIT_USAGE;
	return run_command(find_command(argv[first]), argc - first, argv + first);
}
