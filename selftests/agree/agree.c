// SPDX-License-Identifier: Apache-2.0
/*
 * agree.c - random rules against random processes: the reference evaluator and the generated
 * programs, run in this kernel by BPF_PROG_TEST_RUN, must say the same.
 *
 *	agree [-s SEED] [-n ROUNDS] [-t SECONDS] [-r RULES] [-v]
 *
 * A round makes a rule set and loads it, then plays lives: a process execs, forks a child, the child
 * execs, opens files, exits. Every event of it is judged by the kernel and by the evaluator, for
 * every rule. A certain answer of the kernel must be the evaluator's; MAYBE is allowed only where
 * something was unknown or the compiler said beforehand that the rule is not exact. Values are made
 * from the literals of the rules, so that near misses are common.
 *
 * The seed is printed; a disagreement is shrunk to one rule and printed with its event. Exit 0: no
 * disagreement; 1: some, or an object that did not load; 77: this kernel or user cannot load BPF.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../compiler/compile.h"
#include "../../compiler/err.h"
#include "../../compiler/eval.h"
#include "judge.h"

#define MAX_ARGS 24

static uint64_t rng_state;

static uint64_t rng(void) /* splitmix64 */
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint32_t pick(uint32_t n)
{
	return (uint32_t)(rng() % n);
}

static bool one_in(uint32_t n)
{
	return pick(n) == 0;
}

/* Words that rules and events share. */
static const char *const words[] = {
	"bash",   "sh",         "python3", "curl", "tmp",  "etc",  "shadow", "usr",    "bin",
	"dev",    "shm",        "home",    "ssh",  "-c",   "-i",   "x",      "a",      "aa",
	"ab",     "aab",        "b64",     "K",    "k",    "s",    "\u212a", "\u017f", "\u00e9",
	"\u00c9", "\U0001f600", ".so",     "conf", "\xff", "\x80", "\xc3",
};

static const char *word(bool valid)
{
	size_t nr = ARRAY_SIZE(words) - (valid ? 3 : 0);

	return words[pick((uint32_t)nr)];
}

struct text {
	char s[2 * KES_WINDOW];
	uint32_t len;
};

static void text_add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->len + n < sizeof(t->s)) {
		memcpy(t->s + t->len, s, n + 1);
		t->len += (uint32_t)n;
	}
}

static void random_words(struct text *t, uint32_t max, const char *sep, bool valid)
{
	uint32_t n = pick(max + 1);

	for (uint32_t i = 0; i < n; i++) {
		if (i && !one_in(3))
			text_add(t, sep);
		text_add(t, word(valid));
	}
}

static void random_path(struct text *t, bool valid)
{
	uint32_t depth = 1 + pick(4);

	for (uint32_t i = 0; i < depth; i++) {
		text_add(t, one_in(12) ? "//" : "/");
		random_words(t, 2, one_in(2) ? "." : "", valid);
	}
}

/* Rules */

static void add_literal(struct text *t, bool path, bool wild)
{
	struct text lit = { .len = 0 };

	if (wild && one_in(2))
		text_add(&lit, "*");
	if (path)
		random_path(&lit, true);
	else
		random_words(&lit, 2, wild && one_in(2) ? "*" : " ", true);
	if (wild && one_in(6))
		text_add(&lit, "?");
	if (wild && one_in(2))
		text_add(&lit, "*");
	if (wild && lit.len > 2 && one_in(5) && (lit.s[lit.len / 2] & 0x80) == 0 &&
	    (lit.s[lit.len / 2 + 1] & 0x80) == 0)
		lit.s[lit.len / 2] = one_in(2) ? '*' : '?';
	text_add(t, "\"");
	text_add(t, lit.s);
	text_add(t, "\"");
}

static void add_list(struct text *t, bool path, bool wild)
{
	uint32_t n = 1 + pick(4);

	text_add(t, "(");
	for (uint32_t i = 0; i < n; i++) {
		text_add(t, i ? ", " : "");
		add_literal(t, path, wild);
	}
	text_add(t, ")");
}

static void add_string_leaf(struct text *t, const struct field *f)
{
	static const char *const ops[] = { " == ",       " != ",     " in ",     " in~ ",
					   " : ",        " like ",   " like~ ",  " not in ",
					   " contains ", " == null", " != null", " < ",
					   " >= " };
	uint32_t op = pick(ARRAY_SIZE(ops));
	bool path = f->mode == MODE_WHOLE && !one_in(4);

	text_add(t, f->name);
	text_add(t, ops[op]);
	if (op == 9 || op == 10)
		return;
	if (op == 2 || op == 3 || op == 7 || (op >= 4 && op <= 6 && one_in(2)))
		add_list(t, path, op >= 4 && op <= 6);
	else
		add_literal(t, path, op >= 4 && op <= 6);
}

static void add_number_leaf(struct text *t, const struct field *f)
{
	static const char *const ops[] = { " == ", " != ", " < ", " <= ", " > ", " >= " };
	char buf[128];

	if (one_in(10))
		snprintf(buf, sizeof(buf), "%s %s null", f->name, one_in(2) ? "==" : "!=");
	else if (one_in(4))
		snprintf(buf, sizeof(buf), "%s in (%u, %u, %u)", f->name, pick(6), pick(6),
			 pick(300));
	else
		snprintf(buf, sizeof(buf), "%s%s%d", f->name, ops[pick(6)],
			 f->type == TYPE_ID ? (int)pick(4) : (int)pick(6) - 1);
	text_add(t, buf);
}

static void add_leaf(struct text *t)
{
	for (;;) {
		const struct field *f = &fields[pick(NR_FIELDS)];

		if (f->source == SOURCE_STRING)
			return add_string_leaf(t, f);
		if (f->source == SOURCE_NUMBER)
			return add_number_leaf(t, f);
		if (f->source == SOURCE_CONST && f->which == EVENT_CONST_action) {
			text_add(t, "event.action == \"");
			text_add(t, event_kinds[pick(KES_NR_EVENTS)].action);
			text_add(t, "\"");
			return;
		}
	}
}

static void add_condition(struct text *t, int depth)
{
	uint32_t kids = 2 + pick(3);
	const char *join = one_in(2) ? " and " : " or ";

	if (one_in(6)) {
		text_add(t, "not ");
		depth--;
		if (depth > 0) {
			text_add(t, "(");
			add_condition(t, depth);
			text_add(t, ")");
		} else {
			text_add(t, "(");
			add_leaf(t);
			text_add(t, ")");
		}
		return;
	}
	if (depth <= 0 || one_in(3)) {
		add_leaf(t);
		return;
	}
	text_add(t, "(");
	for (uint32_t i = 0; i < kids; i++) {
		text_add(t, i ? join : "");
		add_condition(t, depth - 1);
	}
	text_add(t, ")");
}

static void add_rule(struct arena *a, struct rules *rules, uint32_t nr, struct diags *d)
{
	static const char *const categories[] = { "process", "file", "any" };
	struct text t = { .len = 0 };
	char name[32];

	text_add(&t, categories[pick(3)]);
	text_add(&t, " where ");
	add_condition(&t, 1 + (int)pick(4));
	snprintf(name, sizeof(name), "r%u.eql", nr);
	rules_add_text(a, arena_strdup(a, name), arena_strdup(a, t.s), t.len, rules, d);
}

/* Processes */

struct process {
	int64_t pid, start_ns;
	bool known; /* its exec was judged */
	struct text exe;
	char args[2 * KES_WINDOW];
	uint32_t args_len; /* with NULs */
	uint32_t nr_args;
};

static void add_arg(struct process *p, const struct text *t)
{
	if (p->args_len + t->len + 1 > sizeof(p->args))
		return;
	memcpy(p->args + p->args_len, t->s, t->len + 1);
	p->args_len += t->len + 1;
	p->nr_args++;
}

static void random_process(struct process *p, int64_t pid)
{
	uint32_t nr = one_in(20) ? 0 : 1 + pick(MAX_ARGS - 1) / (1 + pick(8));

	*p = (struct process){ .pid = pid, .start_ns = pid * 1000 };
	random_path(&p->exe, false);
	for (uint32_t i = 0; i < nr; i++) {
		struct text arg = { .len = 0 };

		if (one_in(3))
			random_path(&arg, false);
		else
			random_words(&arg, 3, " ", false);
		/* now and then around the window */
		while (one_in(4) && nr < 3 && arg.len < KES_WINDOW - 8)
			for (int k = 0; k < 300 && arg.len < KES_WINDOW - 8 + pick(16); k++)
				text_add(&arg, word(false));
		add_arg(p, &arg);
	}
}

/* The evaluator's view and the kernel's record of one event, side by side. */
struct both {
	struct arena *arena;
	struct eval_event ev;
	struct inject_event in;
	bool cut; /* something is truncated: MAYBE may follow */
};

static void put_string(struct both *b, enum kes_buffer buf, const char *s, uint32_t len)
{
	struct kes_str *str = &b->in.ev.str[buf];

	str->off = (uint16_t)b->in.ev.buf_len;
	str->flags = KES_STR_PRESENT;
	if (len > KES_WINDOW) {
		len = KES_WINDOW;
		str->flags |= KES_STR_TRUNC;
		b->cut = true;
	}
	str->len = (uint16_t)len;
	memcpy(b->in.buf + str->off, s, len);
	b->in.ev.buf_len += len;
}

static void set_strs(struct both *b, enum field_id f, size_t nr)
{
	b->ev.v[f].present = true;
	b->ev.v[f].strs = arena_array(b->arena, nr + 1, struct string);
	b->ev.v[f].nr_strs = nr;
}

static void set_str(struct both *b, enum field_id f, const char *s, uint32_t len)
{
	set_strs(b, f, 1);
	((struct string *)b->ev.v[f].strs)[0] =
		(struct string){ arena_strndup(b->arena, s, len), len };
}

static void set_path(struct both *b, enum field_id whole, int name, int ext, const char *s,
		     uint32_t len)
{
	const char *base = memrchr(s, '/', len), *dot;
	uint32_t base_len;

	base = base ? base + 1 : s;
	base_len = len - (uint32_t)(base - s);
	set_str(b, whole, s, len);
	if (name >= 0)
		set_str(b, (enum field_id)name, base, base_len);
	dot = memrchr(base, '.', base_len);
	if (ext >= 0 && dot)
		set_str(b, (enum field_id)ext, dot + 1, base_len - (uint32_t)(dot + 1 - base));
}

static void set_args(struct both *b, enum field_id args, enum field_id line,
		     const struct process *p)
{
	struct string *v;
	char *joined;
	uint32_t at = 0;

	if (p->nr_args == 0)
		return;
	set_strs(b, args, p->nr_args);
	v = (struct string *)b->ev.v[args].strs;
	for (uint32_t i = 0; i < p->nr_args; i++) {
		v[i] = (struct string){ p->args + at, (uint32_t)strlen(p->args + at) };
		at += v[i].len + 1;
	}
	joined = arena_strndup(b->arena, p->args, p->args_len);
	for (uint32_t i = 0; i + 1 < p->args_len; i++)
		joined[i] = joined[i] ? joined[i] : ' ';
	set_str(b, line, joined, p->args_len - 1);
}

static void set_number(struct both *b, enum field_id f, int64_t v, size_t offset)
{
	b->ev.v[f].present = true;
	b->ev.v[f].i = v;
	memcpy((char *)&b->in.ev + offset, &v, sizeof(v));
}

static void set_own(struct both *b, const struct process *image)
{
	set_path(b, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME, -1, image->exe.s, image->exe.len);
	set_args(b, FIELD_PROCESS_ARGS, FIELD_PROCESS_COMMAND_LINE, image);
	set_number(b, FIELD_PROCESS_ARGS_COUNT, image->nr_args,
		   offsetof(struct kes_event, args_count));
}

static void unknown_fields(struct both *b, enum field_scope scope)
{
	for (int f = 0; f < NR_FIELDS; f++) {
		if (fields[f].scope == scope)
			b->ev.v[f] = (struct value){ .unknown = true };
	}
	b->cut = true;
}

static void set_parent(struct both *b, const struct process *parent)
{
	if (!parent->known) {
		unknown_fields(b, SCOPE_PARENT);
		return;
	}
	set_path(b, FIELD_PARENT_EXECUTABLE, FIELD_PARENT_NAME, -1, parent->exe.s, parent->exe.len);
	set_args(b, FIELD_PARENT_ARGS, FIELD_PARENT_COMMAND_LINE, parent);
	set_number(b, FIELD_PARENT_ARGS_COUNT, parent->nr_args,
		   offsetof(struct kes_event, parent_args_count));
	/* What was cut when the parent was judged is undecided for its children as well. */
	b->cut |= parent->args_len > KES_WINDOW || parent->exe.len > KES_WINDOW;
}

static void begin_event(struct both *b, struct arena *a, enum kes_event_id event,
			const struct process *p, const struct process *image,
			const struct process *parent)
{
	struct text cwd = { .len = 0 };

	memset(b, 0, sizeof(*b));
	b->arena = a;
	eval_init(&b->ev, event);
	b->in.ev.version = KES_WIRE_VERSION;
	b->in.ev.event = (uint16_t)event;
	b->in.ev.start_ns = p->start_ns;
	b->in.ev.image_pid = image->pid;
	b->in.ev.parent_start_ns = parent->start_ns;
	set_number(b, FIELD_PROCESS_PID, p->pid, offsetof(struct kes_event, pid));
	set_number(b, FIELD_PARENT_PID, parent->pid, offsetof(struct kes_event, ppid));
	set_number(b, FIELD_USER_ID, pick(4), offsetof(struct kes_event, uid));
	set_number(b, FIELD_GROUP_ID, pick(4), offsetof(struct kes_event, gid));
	if (event == KES_EXIT)
		set_number(b, FIELD_PROCESS_EXIT_CODE, pick(6),
			   offsetof(struct kes_event, exit_code));
	if (!one_in(10)) {
		random_path(&cwd, false);
		set_str(b, FIELD_WORKING_DIRECTORY, cwd.s, cwd.len);
		put_string(b, KES_BUF_CWD, cwd.s, cwd.len);
	}
	if (image->known || event == KES_EXEC)
		set_own(b, image);
	else
		unknown_fields(b, SCOPE_PROCESS);
	b->cut |= image->args_len > KES_WINDOW || image->exe.len > KES_WINDOW;
	set_parent(b, parent);
	if (event == KES_EXEC) {
		put_string(b, KES_BUF_EXE, image->exe.s, image->exe.len);
		if (image->nr_args || one_in(2)) /* an empty list may be there or not */
			put_string(b, KES_BUF_ARGS, image->args, image->args_len);
	}
}

/* Checking */

struct tally {
	uint64_t events, pairs, no, yes, maybe, disagreements;
};

static enum truth kernel_answer(const struct kes_event *r, uint32_t predicate)
{
	for (uint32_t i = 0; i < r->nr_hits && i < KES_HITS_MAX; i++) {
		if ((r->hits[i] & ~KES_HIT_MAYBE) == predicate)
			return r->hits[i] & KES_HIT_MAYBE ? TRUTH_MAYBE : TRUTH_YES;
	}
	return r->flags & KES_EV_ALL_MAYBE ? TRUTH_MAYBE : TRUTH_NO;
}

static void print_escaped(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf(s[i] >= ' ' && s[i] < 0x7f ? "%c" : "\\x%02x", (uint8_t)s[i]);
}

static void print_event(const struct eval_event *ev)
{
	printf("  event %s\n", event_kinds[ev->event].name);
	for (int f = 0; f < NR_FIELDS; f++) {
		const struct value *v = &ev->v[f];

		if (!v->present && !v->unknown)
			continue;
		printf("    %s =%s", fields[f].name, v->unknown ? " (unknown)" : "");
		if (fields[f].source == SOURCE_NUMBER)
			printf(" %" PRId64, v->i);
		for (size_t i = 0; i < v->nr_strs; i++) {
			fputs(" \"", stdout);
			print_escaped(v->strs[i].s, v->strs[i].len);
			fputs("\"", stdout);
		}
		putchar('\n');
	}
}

static void check_predicate(const struct object_info *info, uint32_t nr, const struct both *b,
			    const struct kes_event *result, struct tally *t)
{
	static const char *const names[] = { "NO", "YES", "MAYBE" };
	const struct rule *rule = info->rules.v[info->predicates[nr].rule];
	enum truth want = eval_query(rule->query, &b->ev), got = kernel_answer(result, nr);
	bool may = b->cut || info->predicates[nr].inexact || result->flags & KES_EV_ALL_MAYBE;

	t->pairs++;
	t->no += got == TRUTH_NO;
	t->yes += got == TRUTH_YES;
	t->maybe += got == TRUTH_MAYBE;
	if (got == TRUTH_MAYBE ? may : got == want)
		return;
	/* Undecided for the evaluator, which knows no prefix, and certain for the kernel: fine. */
	if (want == TRUTH_MAYBE && b->cut)
		return;
	t->disagreements++;
	printf("DISAGREEMENT: kernel %s, evaluator %s\n  rule %s: %s\n", names[got], names[want],
	       rule->id, rule->src->text);
	print_event(&b->ev);
}

static int check_event(struct judge *j, const struct object_info *info, struct both *b,
		       struct tally *t)
{
	struct kes_event result = { 0 };
	int err = 0;

	if (info->hooks[b->in.ev.event].nr_programs == 0) {
		result = b->in.ev;
	} else {
		err = judge_run(j, &b->in, 1, &result, NULL);
	}
	if (err) {
		printf("FAILED: cannot judge a record: %s\n", strerror(-err));
		return err;
	}
	t->events++;
	for (uint32_t i = 0; i < info->nr_predicates; i++)
		check_predicate(info, i, b, &result, t);
	return 0;
}

static int play_life(struct judge *j, const struct object_info *info, struct tally *t,
		     struct process *nobody)
{
	autoptr(arena) a = arena_new();
	struct process *p = arena_array(a, 4, struct process);
	struct both *b = arena_new_of(a, struct both);
	int err;

	random_process(&p[0], 2);
	random_process(&p[1], 3);
	begin_event(b, a, KES_EXEC, &p[0], &p[0], nobody);
	err = check_event(j, info, b, t);
	p[0].known = true;
	/* the child before its exec: the parent's image under its own pid */
	p[2] = p[0];
	p[2].pid = p[1].pid;
	p[2].start_ns = p[1].start_ns;
	if (!err) {
		begin_event(b, a, KES_FORK, &p[2], &p[0], &p[0]);
		err = check_event(j, info, b, t);
	}
	for (int k = 0; k < 2 && !err; k++) {
		if (k == 0 && one_in(2)) {
			begin_event(b, a, KES_EXEC, &p[1], &p[1], &p[0]);
			err = check_event(j, info, b, t);
			p[2] = p[1];
			p[2].known = true;
		}
		for (int i = 0; i < 4 && !err; i++) {
			struct text path = { .len = 0 };

			begin_event(b, a, KES_OPEN, &p[2], &p[2], &p[0]);
			random_path(&path, false);
			set_path(b, FIELD_FILE_PATH, FIELD_FILE_NAME, FIELD_FILE_EXTENSION, path.s,
				 path.len);
			put_string(b, KES_BUF_PATH, path.s, path.len);
			err = check_event(j, info, b, t);
		}
	}
	if (!err) {
		begin_event(b, a, KES_EXIT, &p[2], &p[2], &p[0]);
		err = check_event(j, info, b, t);
	}
	return err;
}

/* Compile, read back, load. */
static int open_set(struct arena *a, const struct rules *rules, struct diags *d,
		    struct object_info *info, struct judge **j, bool verbose)
{
	const char *why;
	void *image;
	size_t len;
	int err;

	if (!compile_build(a, rules, d, &image, &len)) {
		diag_print(stdout, d, false);
		return -EINVAL;
	}
	err = object_read(a, image, len, info, &why);
	if (err) {
		printf("FAILED: the object cannot be read back: %s\n", why);
		return err;
	}
	err = judge_open(j, image, len, info, verbose);
	if (err)
		printf("FAILED: the object does not load: %s (-v prints the log)\n",
		       strerror(-err));
	return err;
}

static int play_round(uint32_t nr_rules, uint32_t lives, struct tally *t, bool verbose)
{
	autoptr(arena) a = arena_new();
	autoptr(judge) j = NULL;
	struct process nobody = { .pid = 1, .start_ns = 1 };
	struct rules rules = { 0 };
	struct object_info info;
	struct diags d;
	int err;

	diags_init(&d, a);
	for (uint32_t i = 0; i < nr_rules; i++)
		add_rule(a, &rules, i, &d);
	if (verbose)
		diag_print(stderr, &d, false);
	err = open_set(a, &rules, &d, &info, &j, verbose);
	if (!err && verbose)
		fprintf(stderr, "%" PRIu64 " instructions verified\n", judge_verified(j));
	for (uint32_t i = 0; i < lives && !err; i++)
		err = play_life(j, &info, t, &nobody);
	return err;
}

/* Corners that random rules do not reach, each of them a wrong certain answer once. */

struct corner {
	const char *what;
	void (*add)(FILE *rules, int nr);
	int nr_rules;
	const char *exe;
	int nr_args; /* "x0", "x1", … of the child; its parent has "x5" only */
	int filler;  /* bytes of its first argument */
};

/* More hits than one event may expand: what is lost is undecided, for parents' bits as well. */
static void add_parent_rule(FILE *out, int nr)
{
	fprintf(out, "process where event.action == \"exec\" and process.parent.args == \"x%d\"\n",
		nr);
}

/* Too large for the kernel, over arguments that lie behind the window. */
static void add_large_rule(FILE *out, int nr)
{
	fprintf(out, nr ? "process where false or " : "file where ");
	for (int i = 0; i < 1500; i++)
		fprintf(out, "%s(process.args == \"x%d\" and process.name == \"n%d\")",
			i ? " or " : "", i, i);
	fputc('\n', out);
}

/* A literal that no automaton takes, in one list with one that does. */
static void add_long_literal(FILE *out, int nr)
{
	if (nr) {
		fprintf(out, "process where process.parent.name == \"p%d\"\n", nr - 1);
		return;
	}
	fputs("process where process.name like~ (\"n0*\", \"", out);
	for (int i = 0; i < 70000; i++)
		fputc('a', out);
	fputs("\")\n", out);
}

/* A list of numbers is searched; the verifier must not follow every way through it. */
static void add_numbers(FILE *out, int nr)
{
	fprintf(out, "process where process.%spid in (3", nr ? "parent." : "");
	for (int i = 0; i < 20000; i++)
		fprintf(out, ", %d", 10 + 3 * i);
	fputs(")\n", out);
}

static const struct corner corners[] = {
	{ "lost hits", add_parent_rule, 300, "/bin/b", 300, 0 },
	{ "large predicates", add_large_rule, 2, "/bin/n0", 1, KES_WINDOW },
	{ "long literals", add_long_literal, 65, "/bin/n0y", 1, 0 },
	{ "many numbers", add_numbers, 2, "/bin/b", 1, 0 },
};

static void corner_process(struct process *p, int64_t pid, const char *exe, int first, int nr,
			   int filler)
{
	struct text t = { .len = 0 };

	*p = (struct process){ .pid = pid, .start_ns = pid * 1000 };
	text_add(&p->exe, exe);
	while ((int)t.len < filler)
		text_add(&t, "f");
	if (filler)
		add_arg(p, &t);
	for (int i = first; i < first + nr; i++) {
		t.len = 0;
		t.len = (uint32_t)snprintf(t.s, sizeof(t.s), "x%d", i);
		add_arg(p, &t);
	}
}

static int corner_event(struct judge *j, const struct object_info *info, struct both *b,
			struct tally *t)
{
	b->cut = true; /* MAYBE is right here; only certain answers are checked */
	return check_event(j, info, b, t);
}

static int play_corner(const struct corner *c, struct tally *t, bool verbose)
{
	autoptr(arena) a = arena_new();
	autoptr(judge) j = NULL;
	struct process nobody = { .pid = 1, .start_ns = 1 };
	struct process *p = arena_array(a, 2, struct process);
	struct both *b = arena_new_of(a, struct both);
	struct rules rules = { 0 };
	struct object_info info;
	struct diags d;
	int err;

	diags_init(&d, a);
	for (int i = 0; i < c->nr_rules; i++) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		c->add(f, i);
		fclose(f);
		rules_add_text(a, arena_printf(a, "%d.eql", i), arena_strdup(a, text), len, &rules,
			       &d);
		free(text);
	}
	err = rules.nr == (size_t)c->nr_rules ? open_set(a, &rules, &d, &info, &j, verbose)
					      : -EINVAL;
	corner_process(&p[0], 2, "/bin/a", 5, 1, 0);
	corner_process(&p[1], 3, c->exe, 0, c->nr_args, c->filler);
	if (!err) {
		begin_event(b, a, KES_EXEC, &p[0], &p[0], &nobody);
		err = corner_event(j, &info, b, t);
		p[0].known = true;
	}
	if (!err) {
		begin_event(b, a, KES_EXEC, &p[1], &p[1], &p[0]);
		err = corner_event(j, &info, b, t);
		p[1].known = true;
	}
	if (!err && info.hooks[KES_OPEN].nr_programs) {
		begin_event(b, a, KES_OPEN, &p[1], &p[1], &p[0]);
		err = corner_event(j, &info, b, t);
	}
	if (err)
		printf("FAILED: %s: %s\n", c->what, strerror(-err));
	return err;
}

struct options {
	uint64_t seed;
	uint32_t rounds, seconds, rules;
	bool verbose;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 's':
		o->seed = strtoull(arg, NULL, 0);
		return 0;
	case 'n':
		o->rounds = (uint32_t)strtoul(arg, NULL, 0);
		return 0;
	case 't':
		o->seconds = (uint32_t)strtoul(arg, NULL, 0);
		return 0;
	case 'r':
		o->rules = (uint32_t)strtoul(arg, NULL, 0);
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option list[] = {
		{ "seed", 's', "N", 0, "random seed (default: the time)", 0 },
		{ "rounds", 'n', "N", 0, "rule sets (default 20)", 0 },
		{ "seconds", 't', "N", 0, "stop after this time", 0 },
		{ "rules", 'r', "N", 0, "at most so many rules a set (default 40)", 0 },
		{ "verbose", 'v', NULL, 0, "diagnostics and verifier logs", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		list, parse_option, NULL, "Evaluator against generated programs.", NULL, NULL, NULL
	};
	struct options o = { .seed = (uint64_t)time(NULL), .rounds = 20, .rules = 40 };
	struct tally t = { 0 };
	time_t begin = time(NULL);
	uint32_t round = 0;
	int err = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	printf("seed %" PRIu64 "\n", o.seed);
	for (size_t i = 0; i < ARRAY_SIZE(corners) && !err; i++) {
		err = play_corner(&corners[i], &t, o.verbose);
		if (err == -EPERM)
			return 77;
	}
	for (; round < o.rounds && !err && t.disagreements < 5; round++) {
		if (o.seconds && time(NULL) - begin >= o.seconds)
			break;
		rng_state = o.seed + round;
		err = play_round(1 + pick(o.rules), 50, &t, o.verbose);
		if (err == -EPERM)
			return 77;
		if (err || t.disagreements)
			printf("reproduce: agree -s %" PRIu64 " -n 1\n", o.seed + round);
	}
	printf("%u rule sets, %" PRIu64 " events, %" PRIu64 " pairs: %" PRIu64 " no, %" PRIu64
	       " yes, %" PRIu64 " maybe, %" PRIu64 " disagreements\n",
	       round, t.events, t.pairs, t.no, t.yes, t.maybe, t.disagreements);
	return err || t.disagreements || t.pairs == 0 ? 1 : 0;
}
