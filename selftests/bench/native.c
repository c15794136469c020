// SPDX-License-Identifier: Apache-2.0
/*
 * native.c - what judging an event that matches nothing costs on this machine, by number of rules.
 *
 *	native NUMBER=OBJECT...
 *
 * in:         ruleset objects and the number of rules in each; 0 is the empty chain, always there
 * out:        lines for report.awk: load NUMBER MS PROGRAMS VERIFIED,
 *	       native HOOK NUMBER MEDIAN_NS MIN_NS HITS, note TEXT
 * invariants: sizes take turns within every round, so that what disturbs the machine disturbs all
 *             of them; caches are warm, as each event is repeated
 *
 * Exit 0: everything was measured; 1: something was not; 77: this kernel or user cannot load BPF.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../../compiler/err.h"
#include "chain.h"
#include "events.h"

#define ROUNDS      41
#define REPEAT      10000
#define WARM_UP     1000
#define LOADS       3
#define MAX_SETS    16
#define CANNOT_LOAD 77

struct set {
	uint32_t nr_rules;
	struct chain *chain;
	struct chain_load load;
	double ns[KES_NR_EVENTS][ROUNDS];
	uint32_t hits[KES_NR_EVENTS];
};

struct bench {
	struct arena *arena;
	enum timing timing;
	struct set sets[MAX_SETS];
	size_t nr_sets;
};

/* Two processes: the second is the first one's child, runs BENCH_EXE and opens BENCH_PATH. */
enum { PARENT_PID = 1000, CHILD_PID = 1001 };

static void put_string(struct inject_event *in, enum kes_buffer buffer, const char *s, size_t len)
{
	struct kes_str *str = &in->ev.str[buffer];

	*str = (struct kes_str){ (uint16_t)in->ev.buf_len, (uint16_t)len, KES_STR_PRESENT };
	memcpy(in->buf + in->ev.buf_len, s, len);
	in->ev.buf_len += (uint32_t)len;
}

static void fill(struct inject_event *in, enum kes_event_id event, int64_t pid, int64_t ppid)
{
	memset(in, 0, sizeof(*in));
	in->ev.version = KES_WIRE_VERSION;
	in->ev.event = (uint16_t)event;
	in->ev.pid = in->ev.image_pid = pid;
	in->ev.start_ns = pid * 1000;
	in->ev.ppid = ppid;
	in->ev.parent_start_ns = ppid * 1000;
	in->ev.uid = in->ev.gid = 1000;
	put_string(in, KES_BUF_CWD, BENCH_CWD, strlen(BENCH_CWD));
}

static void fill_exec(struct inject_event *in, int64_t pid, int64_t ppid)
{
	fill(in, KES_EXEC, pid, ppid);
	in->ev.args_count = BENCH_NR_ARGS;
	put_string(in, KES_BUF_EXE, BENCH_EXE, strlen(BENCH_EXE));
	put_string(in, KES_BUF_ARGS, BENCH_ARGS, sizeof(BENCH_ARGS) - 1);
}

static void fill_open(struct inject_event *in)
{
	fill(in, KES_OPEN, CHILD_PID, PARENT_PID);
	put_string(in, KES_BUF_PATH, BENCH_PATH, strlen(BENCH_PATH));
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "native: cannot %s: %s\n", what, strerror(-err));
	return err;
}

static int read_file(struct arena *a, const char *path, void **out, size_t *len)
{
	FILE *f = fopen(path, "re");
	long size = -1;

	if (f && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size < 0)
		return fail(path, -errno);
	rewind(f);
	*out = arena_alloc(a, (size_t)size + 1);
	*len = fread(*out, 1, (size_t)size, f);
	fclose(f);
	return *len == (size_t)size ? 0 : fail(path, -EIO);
}

static int print_warnings(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

/* Scheduler classifiers first; where they cannot call what is needed, raw tracepoints. */
static int choose_timing(struct bench *b)
{
	static const char *const names[NR_TIMINGS] = {
		"BPF_PROG_TEST_RUN with repeat (programs loaded as scheduler classifiers)",
		"run_time_ns of the kernel's BPF statistics (programs loaded as raw tracepoints)",
	};
	struct set *empty = &b->sets[b->nr_sets++];
	int err = -EINVAL;

	libbpf_set_print(NULL); /* failing once is expected */
	for (int t = 0; t < NR_TIMINGS && err; t++) {
		b->timing = (enum timing)t;
		err = chain_open(&empty->chain, NULL, 0, NULL, b->timing, &empty->load);
	}
	libbpf_set_print(print_warnings);
	if (err)
		return fail("load BPF programs", err);
	if (b->timing == TIMING_STATS && bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return fail("switch the kernel's BPF statistics on", -errno);
	printf("note timed by %s\n", names[b->timing]);
	return 0;
}

/* The best of a few loads is told; the last is kept. */
static int load_best(const struct bench *b, struct set *s, const void *image, size_t len,
		     const struct object_info *info)
{
	for (int i = 0; i < LOADS; i++) {
		struct chain_load load = { 0 };
		int err;

		chain_free(TAKE(s->chain));
		err = chain_open(&s->chain, image, len, info, b->timing, &load);
		if (err)
			return err;
		if (i == 0 || load.ms < s->load.ms)
			s->load = load;
	}
	return 0;
}

static int open_set(struct bench *b, char *arg)
{
	struct object_info *info = arena_new_of(b->arena, struct object_info);
	char *path = strchr(arg, '=');
	struct set *s = &b->sets[b->nr_sets];
	const char *why;
	void *image = NULL;
	size_t len = 0;
	int err;

	if (!path || b->nr_sets == MAX_SETS)
		return fail(arg, -EINVAL);
	*path++ = '\0';
	err = read_file(b->arena, path, &image, &len);
	if (err)
		return err;
	if (object_read(b->arena, image, len, info, &why)) {
		fprintf(stderr, "native: cannot use %s: %s\n", path, why);
		return -EINVAL;
	}
	s->nr_rules = (uint32_t)strtoul(arg, NULL, 10);
	err = load_best(b, s, image, len, info);
	if (err)
		return fail(path, err);
	b->nr_sets++;
	printf("load %u %.1f %u %" PRIu64 "\n", s->nr_rules, s->load.ms, s->load.nr_programs,
	       s->load.nr_verified);
	fflush(stdout);
	return 0;
}

/* One round of one set. The process is made known first: its open is judged with its bits. */
static int run_set(struct set *s, int round, uint32_t repeat)
{
	static struct inject_event exec_parent, exec, opened;
	struct kes_event result;
	double ns;
	int err;

	fill_exec(&exec_parent, PARENT_PID, 1);
	fill_exec(&exec, CHILD_PID, PARENT_PID);
	fill_open(&opened);
	err = chain_run(s->chain, &exec_parent, 1, &result, &ns);
	if (!err)
		err = chain_run(s->chain, &exec, repeat, &result, &s->ns[KES_EXEC][round]);
	s->hits[KES_EXEC] = result.flags & KES_EV_ALL_MAYBE ? KES_HITS_MAX : result.nr_hits;
	if (!err && chain_has(s->chain, KES_OPEN)) {
		err = chain_run(s->chain, &opened, repeat, &result, &s->ns[KES_OPEN][round]);
		s->hits[KES_OPEN] = result.flags & KES_EV_ALL_MAYBE ? KES_HITS_MAX : result.nr_hits;
	}
	return err ? fail("run the programs", err) : 0;
}

static int run_rounds(struct bench *b)
{
	for (size_t i = 0; i < b->nr_sets; i++) {
		int err = run_set(&b->sets[i], 0, WARM_UP);

		if (err)
			return err;
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < b->nr_sets; i++) {
			int err = run_set(&b->sets[i], round, REPEAT);

			if (err)
				return err;
		}
	}
	return 0;
}

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static void print_figures(struct bench *b, int event)
{
	for (size_t i = 0; i < b->nr_sets; i++) {
		struct set *s = &b->sets[i];
		double *ns = s->ns[event];

		if (!chain_has(s->chain, event))
			continue;
		qsort(ns, ROUNDS, sizeof(*ns), by_value);
		printf("native %s %u %.1f %.1f %u\n", event_kinds[event].short_name, s->nr_rules,
		       ns[ROUNDS / 2], ns[0], s->hits[event]);
	}
}

int main(int argc, char **argv)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	autoptr(arena) arena = arena_new();
	static struct bench b;
	int failed;

	b.arena = arena;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (choose_timing(&b))
		return CANNOT_LOAD;
	failed = 0;
	for (int i = 1; i < argc; i++)
		failed |= open_set(&b, argv[i]) != 0;
	if (run_rounds(&b) == 0) {
		print_figures(&b, KES_EXEC);
		print_figures(&b, KES_OPEN);
	} else {
		failed = 1;
	}
	for (size_t i = 0; i < b.nr_sets; i++)
		chain_free(b.sets[i].chain);
	return failed;
}
