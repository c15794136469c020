// SPDX-License-Identifier: Apache-2.0
/* test_proctable.c - ancestors from events and from a /proc of the test's making. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../../user/proctable.h"
#include "user.h"

#define TICK_NS 10000000LL

struct fixture {
	char proc[64];
	struct proctable *t;
	struct record record;
	struct event event;
	void *copy;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->proc, "/tmp/kestrel-proctable-XXXXXX");
	assert_non_null(mkdtemp(f->proc));
	f->t = proctable_new(0, f->proc);
	assert_non_null(f->t);
	assert_int_equal(sysconf(_SC_CLK_TCK), 100);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	nftw(f->proc, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	proctable_free(f->t);
	event_fini(&f->event);
	free(f->copy);
	free(f);
	return 0;
}

static void write_file(const struct fixture *f, int pid, const char *name, const char *text,
		       size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%d", f->proc, pid);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%d/%s", f->proc, pid, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

static void add_proc(const struct fixture *f, int pid, int ppid, long ticks, const char *exe)
{
	char text[256], path[128];
	int n = snprintf(text, sizeof(text),
			 "%d (a) b (c) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %ld 0 0\n", pid,
			 ppid, ticks);

	write_file(f, pid, "stat", text, (size_t)n);
	write_file(f, pid, "cmdline", "prog\0-x\0", 8);
	snprintf(path, sizeof(path), "%s/%d/exe", f->proc, pid);
	unlink(path);
	assert_int_equal(symlink(exe, path), 0);
}

static void decode(struct fixture *f)
{
	free(f->copy);
	f->copy = record_copy(&f->record, f->record.ev.size);
	assert_int_equal(event_decode(&f->event, f->copy, f->record.ev.size), 0);
}

static void event_by(struct fixture *f, int64_t pid, int64_t start_ns, int64_t ppid,
		     int64_t parent_start_ns)
{
	record_init(&f->record, KES_EXEC);
	f->record.ev.pid = pid;
	f->record.ev.start_ns = start_ns;
	f->record.ev.ppid = ppid;
	f->record.ev.parent_start_ns = parent_start_ns;
	record_set(&f->record, EXE, "/bin/child");
	record_set(&f->record, PARENT_EXE, "/bin/parent");
	record_set(&f->record, PARENT_ARGS, "parent\0-p\0");
	decode(f);
}

static void assert_process(const struct process *p, int64_t pid, const char *exe,
			   const char *command_line)
{
	assert_int_equal(p->pid, pid);
	assert_non_null(p->executable);
	assert_string_equal(p->executable, exe);
	assert_non_null(p->command_line);
	assert_string_equal(p->command_line, command_line);
}

static void proctable_follows_events_where_proc_has_nothing(void **state)
{
	const struct process *v[PROCTABLE_ANCESTORS];
	struct fixture *f = *state;

	event_by(f, 20, 20 * TICK_NS, 10, 10 * TICK_NS);
	proctable_learn(f->t, &f->event);
	event_by(f, 30, 30 * TICK_NS, 20, 20 * TICK_NS);
	proctable_learn(f->t, &f->event);
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), 2);
	assert_process(v[0], 20, "/bin/parent", "parent -p");
	assert_process(v[1], 10, "/bin/parent", "parent -p");
	assert_true(v[1]->start_exact);
}

static void proctable_reads_unknown_parents_from_proc(void **state)
{
	const struct process *v[PROCTABLE_ANCESTORS];
	struct fixture *f = *state;
	struct proctable_stats stats;

	add_proc(f, 1, 0, 1, "/sbin/init");
	add_proc(f, 10, 1, 10, "/usr/sbin/sshd");
	/* The kernel's start time is finer than /proc's. */
	event_by(f, 20, 20 * TICK_NS, 10, 10 * TICK_NS + 1234567);
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), 2);
	assert_process(v[0], 10, "/usr/sbin/sshd", "prog -x");
	assert_false(v[0]->start_exact);
	assert_int_equal(v[0]->start_ns, 10 * TICK_NS);
	assert_process(v[1], 1, "/sbin/init", "prog -x");
	proctable_stats(f->t, &stats);
	assert_int_equal(stats.proc_reads, 2);
	assert_int_equal(stats.proc_failures, 0);
}

static void proctable_does_not_take_a_reused_pid_for_the_parent(void **state)
{
	const struct process *v[PROCTABLE_ANCESTORS];
	struct fixture *f = *state;

	add_proc(f, 10, 1, 999, "/bin/somebody-else");
	event_by(f, 20, 20 * TICK_NS, 10, 10 * TICK_NS);
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), 0);
	proctable_learn(f->t, &f->event);
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), 1);
	assert_process(v[0], 10, "/bin/parent", "parent -p");
}

static void proctable_keeps_the_first_parent_of_an_orphan(void **state)
{
	const struct process *v[PROCTABLE_ANCESTORS];
	struct fixture *f = *state;

	event_by(f, 20, 20 * TICK_NS, 10, 10 * TICK_NS);
	proctable_learn(f->t, &f->event);
	event_by(f, 20, 20 * TICK_NS, 1, TICK_NS);
	proctable_learn(f->t, &f->event);
	event_by(f, 30, 30 * TICK_NS, 20, 20 * TICK_NS);
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), 2);
	assert_int_equal(v[1]->pid, 10);
}

static void proctable_scan_learns_who_runs(void **state)
{
	struct fixture *f = *state;
	struct proctable_stats stats;

	add_proc(f, 1, 0, 1, "/sbin/init");
	add_proc(f, 2, 0, 1, "/x");
	write_file(f, 3, "stat", "nonsense", 8);
	assert_int_equal(proctable_scan(f->t), 2);
	proctable_stats(f->t, &stats);
	assert_int_equal(stats.nr, 2);
	assert_int_equal(stats.proc_failures, 1);
}

static void proctable_says_when_proc_is_not_there(void **state)
{
	autoptr(proctable) t = proctable_new(0, "/nonexistent");

	(void)state;
	assert_non_null(t);
	assert_true(proctable_scan(t) < 0);
}

static void proctable_is_bounded_and_counts_what_it_forgets(void **state)
{
	const struct process *v[PROCTABLE_ANCESTORS];
	struct fixture *f = *state;
	struct proctable_stats stats;

	for (int i = 0; i < 1000; i++) {
		event_by(f, 1000 + i, (1000 + i) * TICK_NS, 10, 10 * TICK_NS);
		proctable_learn(f->t, &f->event);
	}
	proctable_stats(f->t, &stats);
	assert_int_equal(stats.nr, PROCTABLE_MIN);
	assert_int_equal(stats.evicted, 1000 + 1 - PROCTABLE_MIN);
	/* Who is used stays. */
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), 1);
	assert_int_equal(v[0]->pid, 10);
}

static void proctable_ends_a_circle(void **state)
{
	const struct process *v[PROCTABLE_ANCESTORS];
	struct fixture *f = *state;

	add_proc(f, 10, 11, 10, "/bin/a");
	add_proc(f, 11, 10, 11, "/bin/b");
	event_by(f, 20, 20 * TICK_NS, 10, 10 * TICK_NS);
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), PROCTABLE_ANCESTORS);
}

static void proctable_bounds_texts(void **state)
{
	const struct process *v[PROCTABLE_ANCESTORS];
	struct fixture *f = *state;
	char text[3000];

	memset(text, 'x', sizeof(text));
	record_init(&f->record, KES_EXEC);
	record_add(&f->record, KES_BUF_PARENT_EXE, text, sizeof(text), KES_STR_PRESENT);
	record_add(&f->record, KES_BUF_PARENT_ARGS, text, sizeof(text), KES_STR_PRESENT);
	decode(f);
	proctable_learn(f->t, &f->event);
	assert_int_equal(proctable_ancestors(f->t, &f->event, v), 1);
	assert_int_equal(v[0]->executable_len, PROCTABLE_EXE_MAX);
	assert_int_equal(v[0]->command_line_len, PROCTABLE_COMMAND_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(proctable_follows_events_where_proc_has_nothing),
		TEST(proctable_reads_unknown_parents_from_proc),
		TEST(proctable_does_not_take_a_reused_pid_for_the_parent),
		TEST(proctable_keeps_the_first_parent_of_an_orphan),
		TEST(proctable_scan_learns_who_runs),
		TEST(proctable_says_when_proc_is_not_there),
		TEST(proctable_is_bounded_and_counts_what_it_forgets),
		TEST(proctable_ends_a_circle),
		TEST(proctable_bounds_texts),
	};

	return cmocka_run_group_tests_name("proctable", tests, NULL, NULL);
}
