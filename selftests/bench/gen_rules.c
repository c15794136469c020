// SPDX-License-Identifier: Apache-2.0
/*
 * gen_rules.c - event rules for the benchmark, in the proportions of the public Linux rules.
 *
 *	gen_rules [-s SEED] -n NUMBER DIR
 *
 * in:         a seed and how many
 * out:        DIR/rule_0000.eql and so on, and one line that tells the seed and what was made
 * invariants: rule i depends on the seed and i alone, so a larger set contains the smaller ones;
 *             every fourth rule is on file events, and a set too small to have one gets the first
 *             of them on top; every rule demands a literal that the benchmark's events do not have
 *
 * Nine literals of ten contain an invented word. What the other rules have in common, real ones
 * have too: first directories of paths, one-letter options, host.os.type.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define FILE_EVERY   4 /* one rule in so many is on file events */
#define FIRST_FILE   (FILE_EVERY - 1)
#define NR_NAMES     700  /* program names */
#define NR_PARTS     2500 /* components of paths */
#define NR_ARGS      4000 /* words of arguments */
#define FIRST_PART   NR_NAMES
#define FIRST_ARG    (FIRST_PART + NR_PARTS)
#define WORD_BYTES   16
#define FOLD_PERCENT 20

/* What a literal is about decides how it looks. */
enum subject { NAME, PATH, ARG, LINE, EXT };
enum shape { EXACT, PREFIX, CONTAINS, STARS, SUFFIX, NR_SHAPES };

struct gen {
	FILE *out;
	uint64_t rng;
	uint64_t shapes[NR_SHAPES];        /* literals so far */
	uint64_t leaves, folded, rules[2]; /* process, file */
};

static uint64_t rng(uint64_t *state) /* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint32_t pick(struct gen *g, uint32_t n)
{
	return (uint32_t)(rng(&g->rng) % n);
}

static bool percent(struct gen *g, uint32_t n)
{
	return pick(g, 100) < n;
}

/* Half of the uses fall on the first twelfth: some names are in rule after rule. */
static uint32_t pick_skewed(struct gen *g, uint32_t n)
{
	return percent(g, 45) ? pick(g, n / 12) : pick(g, n);
}

/* Word `nr` of the invented language: three or four syllables. */
static const char *word_text(uint32_t nr, char *out)
{
	static const char consonants[] = "bcdfghjklmnprstvwxz";
	static const char vowels[] = "aeiou";
	uint64_t state = 0x4b657374ull + nr;
	uint64_t r = rng(&state);
	size_t len = 0, syllables = 3 + (r & 1);

	r >>= 1;
	for (size_t i = 0; i < syllables; i++) {
		out[len++] = consonants[r % (sizeof(consonants) - 1)];
		r /= sizeof(consonants) - 1;
		out[len++] = vowels[r % (sizeof(vowels) - 1)];
		r /= sizeof(vowels) - 1;
	}
	out[len] = '\0';
	return out;
}

struct word {
	char s[WORD_BYTES];
};

static struct word word(struct gen *g, uint32_t first, uint32_t nr)
{
	struct word w;

	word_text(first + pick_skewed(g, nr), w.s);
	return w;
}

static struct word name_word(struct gen *g)
{
	return word(g, 0, NR_NAMES);
}

static struct word part_word(struct gen *g)
{
	return word(g, FIRST_PART, NR_PARTS);
}

static struct word arg_word(struct gen *g)
{
	return word(g, FIRST_ARG, NR_ARGS);
}

/* Where a program or a directory lies: mostly in one place, so that rules repeat each other. */
static const char *directory(struct gen *g, const struct word *w)
{
	static const char *const directories[] = {
		"/usr/bin/", "/usr/sbin/",  "/bin/",     "/usr/local/bin/", "/usr/lib/", "/opt/",
		"/tmp/",     "/var/tmp/",   "/dev/shm/", "/etc/",           "/home/",    "/root/",
		"/var/lib/", "/usr/share/", "/var/log/", "/run/",           "/var/run/", "/boot/",
	};

	if (percent(g, 25))
		return directories[pick(g, ARRAY_SIZE(directories))];
	return directories[(unsigned int)(w->s[0] + 5 * w->s[2]) % ARRAY_SIZE(directories)];
}

static const char *drop_directory(struct gen *g)
{
	static const char *const directories[] = { "/tmp/", "/var/tmp/", "/dev/shm/",
						   "/run/user/" };

	return directories[pick(g, ARRAY_SIZE(directories))];
}

static void name_literal(struct gen *g, enum shape shape)
{
	struct word w = name_word(g);
	const char *s = w.s;

	switch (shape) {
	case PREFIX:
		fprintf(g->out, "%s*", s);
		break;
	case CONTAINS:
		fprintf(g->out, "*%s*", s);
		break;
	case SUFFIX:
		fprintf(g->out, "*%s", s);
		break;
	case STARS:
		fprintf(g->out, "%.4s*%s*", s, s + 4);
		break;
	default:
		fprintf(g->out, "%s", s);
		break;
	}
}

static void path_literal(struct gen *g, enum shape shape)
{
	struct word w = part_word(g), v = name_word(g);

	switch (shape) {
	case PREFIX:
		if (percent(g, 25))
			fprintf(g->out, "%s*", drop_directory(g));
		else
			fprintf(g->out, "%s%s/*", directory(g, &w), w.s);
		break;
	case CONTAINS:
		fprintf(g->out, percent(g, 50) ? "*/%s/*" : "*%s*", w.s);
		break;
	case SUFFIX:
		fprintf(g->out, percent(g, 50) ? "*/%s" : "*.%s", v.s);
		break;
	case STARS:
		if (percent(g, 50))
			fprintf(g->out, "/home/*/.%s/%s*", w.s, v.s);
		else
			fprintf(g->out, "%s*/%s/*", directory(g, &w), w.s);
		break;
	default:
		if (percent(g, 75))
			fprintf(g->out, "%s%s", directory(g, &v), v.s);
		else
			fprintf(g->out, "%s%s/%s", directory(g, &w), w.s, v.s);
		break;
	}
}

static void arg_exact(struct gen *g)
{
	struct word w = arg_word(g);

	if (percent(g, 12))
		fprintf(g->out, "-%c", "ceilnopruxzCR"[pick(g, 13)]);
	else if (percent(g, 35))
		fprintf(g->out, "--%s", w.s);
	else if (percent(g, 30))
		path_literal(g, EXACT);
	else
		fprintf(g->out, "%s", w.s);
}

static void arg_literal(struct gen *g, enum shape shape)
{
	struct word w = arg_word(g), v = arg_word(g);

	switch (shape) {
	case PREFIX:
		if (percent(g, 40))
			fprintf(g->out, "%s%s*", drop_directory(g), w.s);
		else
			fprintf(g->out, percent(g, 50) ? "--%s=*" : "%s*", w.s);
		break;
	case CONTAINS:
		fprintf(g->out, "*%s*", w.s);
		break;
	case SUFFIX:
		fprintf(g->out, percent(g, 50) ? "*/%s" : "*.%s", w.s);
		break;
	case STARS:
		fprintf(g->out, "*%s*%s*", w.s, v.s);
		break;
	default:
		arg_exact(g);
		break;
	}
}

/* Mostly three to five stars, up to fifteen. */
static void line_stars(struct gen *g)
{
	uint32_t nr = percent(g, 4) ? 3 + pick(g, 12) : 2 + pick(g, 3);

	fputc('*', g->out);
	for (uint32_t i = 0; i < nr; i++) {
		struct word w = i ? arg_word(g) : name_word(g);

		fprintf(g->out, percent(g, 20) ? "--%s*" : "%s*", w.s);
	}
}

static void line_literal(struct gen *g, enum shape shape)
{
	struct word w = arg_word(g), v = name_word(g);

	switch (shape) {
	case PREFIX:
		fprintf(g->out, "%s --%s*", v.s, w.s);
		break;
	case CONTAINS:
		fprintf(g->out, percent(g, 50) ? "*%s --%s*" : "*%s %s*", v.s, w.s);
		break;
	case SUFFIX:
		fprintf(g->out, "* %s", w.s);
		break;
	case STARS:
		line_stars(g);
		break;
	default:
		fprintf(g->out, "%s --%s", v.s, w.s);
		break;
	}
}

static void literal(struct gen *g, enum subject subject, enum shape shape)
{
	struct word w;

	g->shapes[shape]++;
	fputc('"', g->out);
	switch (subject) {
	case NAME:
		name_literal(g, shape);
		break;
	case PATH:
		path_literal(g, shape);
		break;
	case ARG:
		arg_literal(g, shape);
		break;
	case LINE:
		line_literal(g, shape);
		break;
	case EXT:
		w = name_word(g);
		fprintf(g->out, "%.4s", w.s);
		break;
	}
	fputc('"', g->out);
}

/*
 * How literals of `like` look, in percent. Names are rarely searched for what is inside, command
 * lines for little else.
 */
static const uint8_t like_shapes[][NR_SHAPES] = {
	[NAME] = { [EXACT] = 55, [PREFIX] = 38, [CONTAINS] = 1, [STARS] = 1, [SUFFIX] = 5 },
	[PATH] = { [EXACT] = 20, [PREFIX] = 57, [CONTAINS] = 1, [STARS] = 21, [SUFFIX] = 1 },
	[ARG] = { [EXACT] = 23, [PREFIX] = 37, [CONTAINS] = 21, [STARS] = 17, [SUFFIX] = 2 },
	[LINE] = { [EXACT] = 5, [PREFIX] = 3, [CONTAINS] = 70, [STARS] = 20, [SUFFIX] = 2 },
	[EXT] = { [EXACT] = 100 },
};

static enum shape like_shape(struct gen *g, enum subject subject)
{
	uint32_t r = pick(g, 100), sum = 0;

	for (int shape = 0; shape < NR_SHAPES; shape++) {
		sum += like_shapes[subject][shape];
		if (r < sum)
			return (enum shape)shape;
	}
	return EXACT;
}

static uint32_t list_size(struct gen *g, uint32_t typical, uint32_t most)
{
	if (percent(g, 20))
		return 1;
	if (percent(g, 2))
		return typical + pick(g, most - typical);
	return 1 + pick(g, 2 * typical);
}

static void literals(struct gen *g, enum subject subject, bool stars, uint32_t nr)
{
	if (nr > 1)
		fputc('(', g->out);
	for (uint32_t i = 0; i < nr; i++) {
		fputs(i ? ", " : "", g->out);
		literal(g, subject, stars ? like_shape(g, subject) : EXACT);
	}
	if (nr > 1)
		fputc(')', g->out);
}

/* field in ("a", "b"), field == "a", field like~ ("*a*", "b*"), ... */
static void leaf(struct gen *g, const char *field, enum subject subject, uint32_t stars_percent)
{
	bool stars = percent(g, stars_percent), fold = percent(g, FOLD_PERCENT);
	uint32_t nr = stars ? list_size(g, 9, 60) : list_size(g, 9, 218);
	const char *op;

	if (stars)
		op = !fold ? "like" : percent(g, 50) ? "like~" : ":";
	else if (nr == 1)
		op = fold ? ":" : "==";
	else
		op = fold ? "in~" : "in";
	g->leaves++;
	g->folded += fold;
	fprintf(g->out, "%s %s ", field, op);
	literals(g, subject, stars, nr);
}

static void process_alternatives(struct gen *g)
{
	fputs(" and\n  ((", g->out);
	leaf(g, "process.name", NAME, 15);
	fputs(" and ", g->out);
	leaf(g, "process.args", ARG, 60);
	fputs(") or\n   (", g->out);
	leaf(g, "process.name", NAME, 15);
	fputs(" and ", g->out);
	leaf(g, "process.command_line", LINE, 92);
	fputs("))", g->out);
}

static void process_exceptions(struct gen *g)
{
	if (percent(g, 50)) {
		fputs(" and\n  not ", g->out);
		leaf(g, "process.parent.executable", PATH, 60);
	}
	if (percent(g, 25)) {
		fputs(" and\n  not ", g->out);
		leaf(g, "process.args", ARG, 50);
	}
	if (percent(g, 20)) {
		fputs(" and\n  not (", g->out);
		leaf(g, "process.parent.name", NAME, 10);
		fputs(" and ", g->out);
		leaf(g, "process.parent.args", ARG, 40);
		fputs(")", g->out);
	}
}

/* Every branch of these demands an invented word. */
static void process_subject(struct gen *g)
{
	uint32_t r = pick(g, 100);

	if (r < 70)
		leaf(g, "process.name", NAME, 25);
	else if (r < 85)
		leaf(g, "process.executable", PATH, 65);
	else
		leaf(g, "process.command_line", LINE, 92);
}

static void process_rule(struct gen *g)
{
	fputs("process where host.os.type == \"linux\" and event.type == \"start\" and", g->out);
	if (percent(g, 50))
		fputs(" event.action == \"exec\" and", g->out);
	fputs("\n  ", g->out);
	process_subject(g);
	if (percent(g, 55)) {
		fputs(" and\n  ", g->out);
		leaf(g, "process.args", ARG, 60);
	}
	if (percent(g, 15)) {
		fputs(" and\n  ", g->out);
		leaf(g, "process.command_line", LINE, 92);
	}
	if (percent(g, 35)) {
		fputs(" and\n  ", g->out);
		leaf(g, "process.parent.name", NAME, 10);
	}
	if (percent(g, 8))
		fprintf(g->out, " and\n  process.args_count >= %u", 2 + pick(g, 6));
	if (percent(g, 5))
		fputs(" and\n  user.id == \"0\"", g->out);
	if (percent(g, 20))
		process_alternatives(g);
	process_exceptions(g);
	fputs("\n", g->out);
	g->rules[0]++;
}

static void file_subject(struct gen *g)
{
	uint32_t r = pick(g, 100);

	if (r < 60) {
		leaf(g, "file.path", PATH, 65);
	} else if (r < 80) {
		leaf(g, "file.name", NAME, 30);
	} else if (r < 90) {
		leaf(g, "file.extension", EXT, 0);
	} else {
		fputs("(", g->out);
		leaf(g, "file.path", PATH, 70);
		fputs(" or ", g->out);
		leaf(g, "file.name", NAME, 30);
		fputs(")", g->out);
	}
}

static void file_rule(struct gen *g)
{
	fputs("file where host.os.type == \"linux\" and", g->out);
	if (percent(g, 50))
		fputs(" event.action == \"open\" and", g->out);
	fputs("\n  ", g->out);
	file_subject(g);
	if (percent(g, 35)) {
		fputs(" and\n  ", g->out);
		leaf(g, "process.name", NAME, 15);
	}
	if (percent(g, 65)) {
		fputs(" and\n  not ", g->out);
		leaf(g, "process.executable", PATH, 50);
	}
	if (percent(g, 30)) {
		fputs(" and\n  not (", g->out);
		leaf(g, "process.name", NAME, 15);
		fputs(" and ", g->out);
		leaf(g, "file.extension", EXT, 0);
		fputs(")", g->out);
	}
	fputs("\n", g->out);
	g->rules[1]++;
}

/* field like ("…", "…"): one literal of each shape that the field's tests have. */
static void every_shape(struct gen *g, const char *field, enum subject subject)
{
	const char *separator = "";

	fprintf(g->out, "%s like (", field);
	for (int shape = 0; shape < NR_SHAPES; shape++) {
		if (!like_shapes[subject][shape])
			continue;
		fputs(separator, g->out);
		literal(g, subject, (enum shape)shape);
		separator = ", ";
	}
	fputs(")", g->out);
	g->leaves++;
}

/*
 * The first rule of each kind tests every field in every way that the others do. What an event costs
 * depends on that: without them a set of one rule would read less of it than a set of many.
 */
static void broad_process_rule(struct gen *g)
{
	static const struct {
		const char *field;
		enum subject subject;
	} tests[] = {
		{ "process.name", NAME },        { "process.executable", PATH },
		{ "process.args", ARG },         { "process.command_line", LINE },
		{ "process.parent.name", NAME }, { "process.parent.executable", PATH },
		{ "process.parent.args", ARG },
	};

	fputs("process where host.os.type == \"linux\" and event.type == \"start\" and\n  (",
	      g->out);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		fputs(i ? " or\n   " : "", g->out);
		every_shape(g, tests[i].field, tests[i].subject);
	}
	fputs(" or\n   (process.args_count >= 6 and user.id == \"0\" and process.name == \"cakizu\"))\n",
	      g->out);
	g->rules[0]++;
}

static void broad_file_rule(struct gen *g)
{
	fputs("file where host.os.type == \"linux\" and\n  (", g->out);
	every_shape(g, "file.path", PATH);
	fputs(" or\n   ", g->out);
	every_shape(g, "file.name", NAME);
	fputs(" or\n   ", g->out);
	every_shape(g, "file.extension", EXT);
	fputs(" or\n   (", g->out);
	every_shape(g, "process.name", NAME);
	fputs(" and not ", g->out);
	every_shape(g, "process.executable", PATH);
	fputs("))\n", g->out);
	g->rules[1]++;
}

static int write_rule(struct gen *g, uint64_t seed, const char *dir, uint32_t nr)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/rule_%04u.eql", dir, nr);
	g->out = fopen(path, "we");
	if (!g->out) {
		perror(path);
		return 1;
	}
	g->rng = seed ^ (uint64_t)nr << 32;
	rng(&g->rng);
	if (nr == 0)
		broad_process_rule(g);
	else if (nr == FIRST_FILE)
		broad_file_rule(g);
	else if (nr % FILE_EVERY == FIRST_FILE)
		file_rule(g);
	else
		process_rule(g);
	if (fclose(g->out)) {
		perror(path);
		return 1;
	}
	return 0;
}

static void print_made(const struct gen *g, uint64_t seed)
{
	static const char *const names[NR_SHAPES] = { "exact", "prefix", "contains",
						      "several stars", "suffix" };
	uint64_t sum = 0;

	for (int i = 0; i < NR_SHAPES; i++)
		sum += g->shapes[i];
	printf("seed %" PRIu64 ": %" PRIu64 " process rules, %" PRIu64 " file rules, %" PRIu64
	       " literals (",
	       seed, g->rules[0], g->rules[1], sum);
	for (int i = 0; i < NR_SHAPES; i++)
		printf("%s%s %.0f %%", i ? ", " : "", names[i],
		       100.0 * (double)g->shapes[i] / (double)sum);
	printf("), %.0f %% of the tests fold case\n",
	       100.0 * (double)g->folded / (double)g->leaves);
}

struct options {
	uint64_t seed;
	uint32_t nr;
	const char *dir;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 's':
		o->seed = strtoull(arg, NULL, 0);
		return 0;
	case 'n':
		o->nr = (uint32_t)strtoul(arg, NULL, 0);
		return 0;
	case ARGP_KEY_ARG:
		if (o->dir)
			argp_usage(state);
		o->dir = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->dir || !o->nr)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option args[] = {
		{ "seed", 's', "SEED", 0, "other seeds give other rules (1)", 0 },
		{ "number", 'n', "NUMBER", 0, "how many rules", 0 },
		{ 0 },
	};
	static const struct argp argp = { .options = args, .parser = parse, .args_doc = "DIR" };
	struct options o = { .seed = 1 };
	struct gen g = { 0 };
	int failed = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	for (uint32_t i = 0; i < o.nr && !failed; i++)
		failed = write_rule(&g, o.seed, o.dir, i);
	if (o.nr <= FIRST_FILE && !failed)
		failed = write_rule(&g, o.seed, o.dir, FIRST_FILE);
	if (!failed)
		print_made(&g, o.seed);
	return failed;
}
