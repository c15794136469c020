// SPDX-License-Identifier: Apache-2.0
/*
 * loss_cases.c - the law: seen is the sum of all ends. And what a process is whose record was lost.
 *
 * Losses are made on purpose, by changing the maps of a second deployment.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "../../compiler/err.h"
#include "../../compiler/schema.h"
#include "sensor_test.h"

static uint64_t unaccounted(uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS], int event)
{
	uint64_t ends = 0;

#define COUNTER(id, name, sign) ends += COUNTER_IS_##sign * c[event][KES_##id];
#define COUNTER_IS_SEEN         0
#define COUNTER_IS_END          1
#define COUNTER_IS_NOTE         0
#include "../../kern/schema.def"
	return c[event][KES_SEEN] - ends;
}

static void show_counters(uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS])
{
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		printf("# %s", event_kinds[e].name);
#define COUNTER(id, name, sign) printf(" %s=%llu", name, (unsigned long long)c[e][KES_##id]);
#include "../../kern/schema.def"
		printf("\n");
	}
}

/* Counters of several CPUs cannot be read at one moment: wait until the machine is quiet. */
static void expect_law(uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS])
{
	time_t deadline = deadline_from_now();
	int bad;

	do {
		int err = deployment_counters(deployment, c);

		if (!expect(err == 0, "counters: %s", strerror(-err)))
			return;
		bad = -1;
		for (int e = 0; e < KES_NR_EVENTS; e++)
			if (unaccounted(c, e))
				bad = e;
		sched_yield();
	} while (bad >= 0 && !passed(deadline));
	expect(bad < 0, "%lld events of %s are unaccounted for",
	       bad < 0 ? 0 : (long long)unaccounted(c, bad), bad < 0 ? "" : event_kinds[bad].name);
}

static void law_after_all_cases(void)
{
	uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS];

	expect_law(c);
	show_counters(c);
	for (int e = 0; e < KES_NR_EVENTS; e++)
		expect(c[e][KES_SEEN] && c[e][KES_EMITTED], "no %s was seen", event_kinds[e].name);
	expect(c[KES_FORK][KES_FILTERED_SELF] > 0, "own forks are not filtered");
}

static void flood_player(void)
{
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid)
			continue;
		for (int j = 0; j < 100; j++) {
			pid_t c = fork();

			if (c == 0) {
				close(open("/proc/self/stat", O_RDONLY));
				exec_trigger((const char *[]){ "trigger", NULL });
			}
			waitpid(c, NULL, 0);
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static uint32_t last_map; /* the highest id before the second deployment */

/* Put another deployment in the place of the first, which is returned; NULL: failed. */
static struct deployment *deploy_second(const struct object_info *what, uint32_t ring_bytes)
{
	struct deploy_options opt = { .ring_bytes = ring_bytes };
	struct deployment *before = deployment, *d;
	int err;

	for (last_map = 0; bpf_map_get_next_id(last_map, &last_map) == 0;)
		;
	err = deploy(&d, image, image_len, what, &opt);
	if (!expect(err == 0, "second deploy: %d", err))
		return NULL;
	deployment = d;
	return before;
}

static void end_second(struct deployment *before)
{
	deployment_free(deployment);
	deployment = before;
}

/* Nobody reads the ring: it fills up, and every loss is counted. */
static void law_under_flood_with_full_ring(void)
{
	uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS];
	uint64_t misses[KES_NR_EVENTS] = { 0 };
	struct deployment *before = deploy_second(&info, 16384);

	if (!before)
		return;
	waitpid(start_player(flood_player), NULL, 0);
	expect_law(c);
	show_counters(c);
	expect(c[KES_OPEN][KES_DROP_RING] > 100, "the ring did not fill up");
	deployment_recursion_misses(deployment, misses);
	for (int e = 0; e < KES_NR_EVENTS; e++)
		expect(c[e][KES_SEEN] + misses[e] >= 800, "only %llu of %s were seen",
		       (unsigned long long)c[e][KES_SEEN], event_kinds[e].name);
	end_second(before);
}

static void open_something(void)
{
	close(open("/proc/version", O_RDONLY));
}

/* ---- losses on purpose ---- */

/*
 * The second deployment's map of that name. Only as far as it is looked through: the kernel leaks a
 * program array that is looked at while it is taken down, as those for judging are by then.
 */
static int map_by_name(const char *name)
{
	for (uint32_t id = last_map; bpf_map_get_next_id(id, &id) == 0;) {
		struct bpf_map_info map = { 0 };
		uint32_t size = sizeof(map);
		autoclose int fd = bpf_map_get_fd_by_id(id);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &map, &size) &&
		    strcmp(map.name, name) == 0)
			return dup(fd);
	}
	expect(false, "no map %s", name);
	return -1;
}

static void missing_program_is_counted(void)
{
	uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS];
	struct deployment *before = deploy_second(&info, 0);
	uint32_t decide = KES_TAIL_DECIDE, finish = KES_TAIL_FINISH;
	autoclose int tail_open = -1, tail_exec = -1;

	if (!before)
		return;
	tail_open = map_by_name("tail_open");
	tail_exec = map_by_name("tail_exec");
	expect(!bpf_map_delete_elem(tail_open, &decide), "delete from tail_open");
	expect(!bpf_map_delete_elem(tail_exec, &finish), "delete from tail_exec");
	waitpid(start_player(flood_player), NULL, 0);
	expect_law(c);
	show_counters(c);
	expect_number("opens emitted", (int64_t)c[KES_OPEN][KES_EMITTED], 0);
	expect_number("execs emitted", (int64_t)c[KES_EXEC][KES_EMITTED], 0);
	/* The sensor's own call fails at open, the generated program's at exec. */
	expect(c[KES_OPEN][KES_DROP_NODECIDE] >= 700, "opens are not counted");
	expect(c[KES_EXEC][KES_DROP_NODECIDE] >= 700, "execs are not counted");
	end_second(before);
}

static void claim_all_slots(uint64_t claim)
{
	size_t size = (sizeof(struct kes_slot) + 7) / 8 * 8;
	size_t nr_cpus = (size_t)libbpf_num_possible_cpus();
	autofree char *values = calloc(nr_cpus, size);
	autoclose int slots = map_by_name("slots");

	for (uint32_t i = 0; i < KES_NR_SLOTS; i++) {
		expect(!bpf_map_lookup_elem(slots, &i, values), "read slots");
		for (size_t cpu = 0; cpu < nr_cpus; cpu++)
			((struct kes_slot *)(values + cpu * size))->claim = claim;
		expect(!bpf_map_update_elem(slots, &i, values, BPF_ANY), "write slots");
	}
}

static void exec_waiting(void)
{
	exec_trigger((const char *[]){ "tr", "wait", "/proc/version", NULL });
}

/*
 * An exec that got no slot was not judged, so what was known of the process no longer holds: its
 * later events are undecided, and its program is read directly.
 */
static void without_slots_nothing_is_guessed(void)
{
	uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS];
	struct deployment *before = deploy_second(&info, 0);
	const struct kes_event *ev;
	struct sleeper s;

	if (!before)
		return;
	claim_all_slots(1);
	start_sleeper(&s, exec_waiting);
	expect_law(c);
	show_counters(c);
	for (int e = 0; e < KES_NR_EVENTS; e++)
		expect(c[e][KES_EMITTED] == 0, "%s was emitted", event_kinds[e].name);
	expect(c[KES_EXEC][KES_DROP_NOSLOT] >= 1 && c[KES_OPEN][KES_DROP_NOSLOT] >= 1,
	       "nothing was dropped");
	claim_all_slots(0);
	end_sleeper(&s);
	ev = find_open(s.pid, "/proc/version");
	if (expect_event(ev, "open by a forgotten process")) {
		static const char args[] = "tr\0wait\0/proc/version";

		expect_number("hits[0]", ev->hits[0], KES_HIT_MAYBE);
		expect_number("flags", ev->flags & KES_EV_PROC_UNKNOWN, KES_EV_PROC_UNKNOWN);
		expect_text(ev, KES_BUF_EXE, trigger);
		expect_args(ev, KES_BUF_ARGS, args, sizeof(args));
	}
	expect_law(c);
	end_second(before);
}

static void hook_without_programs_filters(void)
{
	uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS];
	struct object_info only_open = { 0 };
	struct deployment *before;

	only_open.hooks[KES_OPEN] = info.hooks[KES_OPEN];
	before = deploy_second(&only_open, 0);
	if (!before)
		return;
	waitpid(start_player(flood_player), NULL, 0);
	expect_law(c);
	show_counters(c);
	for (int e = 0; e < KES_NR_EVENTS; e++)
		expect(e == KES_OPEN ? c[e][KES_EMITTED] > 0
				     : c[e][KES_EMITTED] == 0 && c[e][KES_FILTERED] > 0,
		       "%s: %llu emitted", event_kinds[e].name,
		       (unsigned long long)c[e][KES_EMITTED]);
	end_second(before);
}

static void hook_that_is_not_needed_is_not_attached(void)
{
	uint64_t c[KES_NR_EVENTS][KES_NR_COUNTERS];
	struct object_info only_exec = { 0 };
	struct deployment *before;

	only_exec.hooks[KES_EXEC] = info.hooks[KES_EXEC];
	before = deploy_second(&only_exec, 0);
	if (!before)
		return;
	waitpid(start_player(open_something), NULL, 0);
	expect_law(c);
	expect_number("opens seen", (int64_t)c[KES_OPEN][KES_SEEN], 0);
	end_second(before);
}

const struct test_case loss_cases[] = {
	{ "law/holds_after_all_cases", law_after_all_cases },
	{ "law/holds_under_flood_with_full_ring", law_under_flood_with_full_ring },
	{ "law/missing_program_is_counted", missing_program_is_counted },
	{ "law/without_slots_nothing_is_guessed", without_slots_nothing_is_guessed },
	{ "deploy/hook_without_programs_filters", hook_without_programs_filters },
	{ "deploy/hook_that_is_not_needed_is_not_attached",
	  hook_that_is_not_needed_is_not_attached },
	{ NULL, NULL },
};
