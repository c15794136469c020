// SPDX-License-Identifier: Apache-2.0
/*
 * sensor_test.c - the sensor and its loader on a running kernel; runs as root in a VM.
 *
 * usage: sensor_test RULESET_ALL.bpf.o TRIGGER
 *
 * Output: "ok NAME", "FAIL NAME: why", "skip NAME: why"; then "N passed, N failed, N skipped".
 * Exit status 0 when nothing failed.
 */
#include "sensor_test.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../compiler/err.h"
#include "../../compiler/schema.h"
#include "../../user/deploy.h"

#define DEADLINE_S 60 /* emulated machines are slow */

struct truth *truth;
const char *trigger;
const char *work_dir = "/tmp/sensor_test";

static uint64_t misses_before[KES_NR_EVENTS];
static char failure[512], skipped[256];
static unsigned int nr_passed, nr_failed, nr_skipped;

struct deployment *deployment;
static struct kes_event **events;
static size_t nr, cap;

void *image;
size_t image_len;
struct object_info info = {
	.hooks = {
		[KES_FORK] = { .nr_programs = 1, .want = KES_WANT(KES_BUF_CWD) },
		[KES_EXEC] = { .nr_programs = 2 },
		[KES_EXIT] = { .nr_programs = 1 },
		[KES_OPEN] = { .nr_programs = 1, .want = KES_WANT(KES_BUF_PATH) },
	},
};

bool expect(bool holds, const char *fmt, ...)
{
	va_list ap;

	if (holds || failure[0])
		return holds;
	va_start(ap, fmt);
	vsnprintf(failure, sizeof(failure), fmt, ap);
	va_end(ap);
	return false;
}

void skip_case(const char *why)
{
	snprintf(skipped, sizeof(skipped), "%.*s", (int)sizeof(skipped) - 1, why);
}

bool expect_event(const struct kes_event *ev, const char *what)
{
	return expect(ev != NULL, "no event: %s", what);
}

bool expect_number(const char *what, int64_t got, int64_t wanted)
{
	return expect(got == wanted, "%s is %lld, not %lld", what, (long long)got,
		      (long long)wanted);
}

bool expect_count(enum kes_event_id kind, unsigned int got, unsigned int wanted)
{
	uint64_t misses[KES_NR_EVENTS] = { 0 };
	uint64_t missed;

	deployment_recursion_misses(deployment, misses);
	missed = misses[kind] - misses_before[kind];
	if (got < wanted && missed)
		printf("# %s: %u of %u, %llu missed\n", event_kinds[kind].name, got, wanted,
		       (unsigned long long)missed);
	return expect(got <= wanted && got + missed >= wanted, "%s: %u, not %u (%llu missed)",
		      event_kinds[kind].name, got, wanted, (unsigned long long)missed);
}

const uint8_t *event_string(const struct kes_event *ev, enum kes_buffer b, size_t *len)
{
	*len = ev->str[b].len;
	return (const uint8_t *)(ev + 1) + ev->str[b].off;
}

/* Printable, elements separated by '|'. */
static void show(char *out, size_t size, const uint8_t *s, size_t len)
{
	size_t n = len < size - 1 ? len : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = s[i] == 0 ? '|' : s[i] < 32 || s[i] > 126 ? '?' : (char)s[i];
	out[n] = '\0';
}

bool expect_args(const struct kes_event *ev, enum kes_buffer b, const char *wanted, size_t len)
{
	char a[160], c[160];
	size_t got_len;
	const uint8_t *got = event_string(ev, b, &got_len);

	show(a, sizeof(a), got, got_len);
	show(c, sizeof(c), (const uint8_t *)wanted, len);
	return expect((ev->str[b].flags & KES_STR_PRESENT) && got_len == len &&
			      memcmp(got, wanted, len) == 0,
		      "%s buffer %d is '%s' (%zu bytes, flags %x), not '%s'",
		      event_kinds[ev->event].name, b, a, got_len, ev->str[b].flags, c);
}

bool expect_text(const struct kes_event *ev, enum kes_buffer b, const char *wanted)
{
	return expect_args(ev, b, wanted, strlen(wanted)) && expect_flags(ev, b, KES_STR_PRESENT);
}

bool expect_flags(const struct kes_event *ev, enum kes_buffer b, uint32_t flags)
{
	return expect(ev->str[b].flags == flags, "%s buffer %d has flags %x, not %x",
		      event_kinds[ev->event].name, b, ev->str[b].flags, flags);
}

void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "sensor_test: scenario: %s: %s\n", what, strerror(errno));
	_exit(99);
}

pid_t run_child(scenario_fn *fn, pid_t *pid)
{
	pid_t child = fork();

	must(child >= 0, "fork");
	if (child == 0) {
		fn();
		_exit(0);
	}
	*pid = child;
	must(waitpid(child, NULL, 0) == child, "waitpid");
	return child;
}

void exec_trigger(const char *const argv[])
{
	execv(trigger, (char *const *)argv);
	must(false, "execv");
}

void descend(int n)
{
	for (int i = 0; i < n; i++) {
		must(mkdir("d", 0777) == 0 || errno == EEXIST, "mkdir");
		must(chdir("d") == 0, "chdir");
	}
}

void copy_trigger(const char *to)
{
	autoclose int in = open(trigger, O_RDONLY | O_CLOEXEC);
	autoclose int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	static char buf[65536];
	ssize_t n;

	must(in >= 0 && out >= 0, "open trigger");
	while ((n = read(in, buf, sizeof(buf))) > 0)
		must(write(out, buf, (size_t)n) == n, "copy trigger");
}

static void keep_record(void *arg, const void *data, size_t size)
{
	const struct kes_event *ev = data;
	struct kes_event *copy;

	(void)arg;
	if (!expect(size >= sizeof(*ev) && ev->size == size && ev->event < KES_NR_EVENTS &&
			    size == sizeof(*ev) + ev->buf_len,
		    "damaged record of %zu bytes", size))
		return;
	copy = malloc(size);
	if (nr == cap) {
		cap = cap ? cap * 2 : 1024;
		events = reallocarray(events, cap, sizeof(*events));
	}
	if (!copy || !events)
		abort();
	memcpy(copy, data, size);
	events[nr++] = copy;
}

static void drop_events(void)
{
	for (size_t i = 0; i < nr; i++)
		free(events[i]);
	nr = 0;
}

const struct kes_event *find_event(enum kes_event_id kind, pid_t pid, unsigned int n)
{
	for (size_t i = 0; i < nr; i++)
		if (events[i]->event == kind && events[i]->pid == pid && n-- == 0)
			return events[i];
	return NULL;
}

unsigned int nr_events(enum kes_event_id kind, pid_t pid)
{
	unsigned int n = 0;

	while (find_event(kind, pid, n))
		n++;
	return n;
}

const struct kes_event *find_open(pid_t pid, const char *path)
{
	size_t len, wanted = strlen(path);

	for (size_t i = 0; i < nr; i++) {
		const uint8_t *s;

		if (events[i]->event != KES_OPEN || events[i]->pid != pid)
			continue;
		s = event_string(events[i], KES_BUF_PATH, &len);
		if (len == wanted && memcmp(s, path, len) == 0)
			return events[i];
	}
	return NULL;
}

bool passed(time_t deadline)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec > deadline;
}

time_t deadline_from_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + DEADLINE_S;
}

/* Take records until the process has ended, as told by its own event. */
bool collect_until_exit(pid_t pid)
{
	time_t deadline = deadline_from_now();

	while (!find_event(KES_EXIT, pid, 0)) {
		int n = deployment_poll(deployment, 100, keep_record, NULL);

		if (!expect(n >= 0 || n == -EINTR, "poll: %s", strerror(-n)) ||
		    !expect(!passed(deadline), "no exit event of process %d", (int)pid))
			return false;
	}
	return true;
}

pid_t start_player(scenario_fn *scenario)
{
	pid_t pid = fork();

	if (pid == 0) {
		must(chdir(work_dir) == 0, "chdir to the work directory");
		truth->player = getpid();
		scenario();
		_exit(0);
	}
	return pid;
}

bool play(scenario_fn *scenario)
{
	int status = 0;
	pid_t pid;

	drop_events();
	deployment_recursion_misses(deployment, misses_before);
	memset(truth, 0, sizeof(*truth));
	pid = start_player(scenario);
	if (!expect(pid > 0, "fork: %s", strerror(errno)))
		return false;
	/* Not before its end: the ring must not fill up meanwhile. */
	if (!collect_until_exit(pid))
		return false;
	waitpid(pid, &status, 0);
	if (truth->skip) {
		skip_case(truth->text);
		return false;
	}
	return expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "scenario ended with %x",
		      status);
}

static unsigned int nr_programs(void)
{
	unsigned int n = 0;

	for (uint32_t id = 0; bpf_prog_get_next_id(id, &id) == 0;)
		n++;
	return n;
}

static unsigned int nr_maps(void)
{
	unsigned int n = 0;

	for (uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;)
		n++;
	return n;
}

static void show_maps(void)
{
	for (uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;) {
		autoclose int fd = bpf_map_get_fd_by_id(id);
		struct bpf_map_info map = { 0 };
		uint32_t size = sizeof(map);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &map, &size))
			printf("# left: map %u %s\n", id, map.name);
	}
}

/* The kernel frees them after a grace period: wait. */
static void expect_nothing_left(unsigned int programs, unsigned int maps)
{
	time_t deadline = deadline_from_now();

	while ((nr_programs() > programs || nr_maps() > maps) && !passed(deadline))
		sched_yield();
	expect_number("programs", nr_programs(), programs);
	if (!expect_number("maps", nr_maps(), maps))
		show_maps();
}

static void report(const char *name)
{
	if (failure[0]) {
		printf("FAIL %s: %s\n", name, failure);
		nr_failed++;
	} else if (skipped[0]) {
		printf("skip %s: %s\n", name, skipped);
		nr_skipped++;
	} else {
		printf("ok %s\n", name);
		nr_passed++;
	}
	fflush(stdout);
	failure[0] = skipped[0] = '\0';
}

static void run_cases(const struct test_case *cases)
{
	for (; cases->name; cases++) {
		cases->run();
		report(cases->name);
	}
}

void start_sleeper(struct sleeper *s, scenario_fn *scenario)
{
	int in[2], out[2];
	char byte;

	must(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "pipe");
	s->pid = fork();
	must(s->pid >= 0, "fork");
	if (s->pid == 0) {
		must(chdir(work_dir) == 0, "chdir");
		dup2(in[0], 0);
		dup2(out[1], 1);
		scenario();
		_exit(0);
	}
	close(in[0]);
	close(out[1]);
	s->in = in[1];
	must(read(out[0], &byte, 1) == 1, "sleeper");
	close(out[0]);
}

bool end_sleeper(struct sleeper *s)
{
	close(s->in);
	if (!collect_until_exit(s->pid))
		return false;
	waitpid(s->pid, NULL, 0);
	return true;
}

static void exec_sleepy(void)
{
	exec_trigger((const char *[]){ "sleepy", "wait", "/proc/version", "", NULL });
}

static void running_process_is_known(struct sleeper *s)
{
	static const char args[] = "sleepy\0wait\0/proc/version\0";
	const struct kes_event *ev;

	if (!end_sleeper(s))
		return;
	ev = find_open(s->pid, "/proc/version");
	if (!expect_event(ev, "open by a process older than the sensor"))
		return;
	expect_text(ev, KES_BUF_EXE, trigger);
	expect_args(ev, KES_BUF_ARGS, args, sizeof(args));
	expect_number("args_count", ev->args_count, 4);
	expect_text(ev, KES_BUF_CWD, work_dir);
	expect_number("ppid", ev->ppid, getpid());
	expect((ev->flags & (KES_EV_PROC_UNKNOWN | KES_EV_PARENT_UNKNOWN)) == 0, "flags %x",
	       ev->flags);
	expect_number("hits[0]", ev->hits[0], 0);
	expect_number("length judged", ev->hits[1], (int64_t)strlen(trigger));
}

static bool read_image(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return false;
	image_len = (size_t)st.st_size;
	image = malloc(image_len);
	return image && read(fd, image, image_len) == (ssize_t)image_len;
}

static void run_all(void)
{
	unsigned int programs = nr_programs(), maps = nr_maps();
	struct sleeper sleeper;
	int err;

	start_sleeper(&sleeper, exec_sleepy);
	err = deploy(&deployment, image, image_len, &info, NULL);
	expect(err == 0, "deploy returned %d", err);
	report("deploy/loads_and_attaches");
	if (err)
		return;
	running_process_is_known(&sleeper);
	report("deploy/running_process_is_known");
	run_cases(process_cases);
	run_cases(file_cases);
	run_cases(loss_cases);
	deployment_free(deployment);
	expect_nothing_left(programs, maps);
	report("deploy/leaves_nothing_behind");
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: sensor_test RULESET_ALL.bpf.o TRIGGER\n");
		return 2;
	}
	truth = mmap(NULL, sizeof(*truth), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	mkdir(work_dir, 0777);
	must(truth != MAP_FAILED && mount("tmpfs", work_dir, "tmpfs", 0, "mode=777") == 0 &&
		     read_image(argv[1]),
	     "set up");
	trigger = argv[2];
	run_all();
	drop_events();
	free(events);
	printf("%u passed, %u failed, %u skipped\n", nr_passed, nr_failed, nr_skipped);
	return nr_failed || !nr_passed;
}
