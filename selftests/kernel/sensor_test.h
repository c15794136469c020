/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor_test.h - the harness of the sensor's tests: play a scenario, look at its events.
 *
 * A scenario runs in a process of its own, since what the tester itself does is no event. What it
 * learns (process ids) it writes into `truth`, which is shared memory.
 */
#ifndef SELFTESTS_KERNEL_SENSOR_TEST_H
#define SELFTESTS_KERNEL_SENSOR_TEST_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "../../compiler/object.h"
#include "../../user/deploy.h"

struct truth {
	pid_t player; /* who runs the scenario; filled by play() */
	pid_t child, grandchild;
	int number;
	bool skip; /* this kernel or VM lacks what the scenario needs */
	char text[8192];
};

extern struct truth *truth;
extern const char *trigger;  /* absolute path of the program trigger */
extern const char *work_dir; /* absolute path of an empty directory on a tmpfs */

struct test_case {
	const char *name;
	void (*run)(void);
};

/* Each ends with a NULL name. The last one needs what the others have left behind. */
extern const struct test_case process_cases[], file_cases[], loss_cases[];

/* What is deployed, and of what; a case may put another one in its place for a while. */
extern struct deployment *deployment;
extern void *image;
extern size_t image_len;
extern struct object_info info;

typedef void scenario_fn(void);

/*
 * Run it in a forked process and take every event until that process has ended. Events of earlier
 * scenarios are gone. False when it failed or timed out, which fails the case.
 */
bool play(scenario_fn *scenario);

/* The parts of play(): start a scenario, take events until a process has ended. */
pid_t start_player(scenario_fn *scenario);
bool collect_until_exit(pid_t pid);

/* A process that executes "trigger wait FILE"; it opens FILE and ends when it is told to. */
struct sleeper {
	pid_t pid;
	int in;
};

void start_sleeper(struct sleeper *s, scenario_fn *scenario); /* returns when it waits */
bool end_sleeper(struct sleeper *s);                          /* and takes its events */

/* Waiting is for a condition, and ends at a deadline. */
time_t deadline_from_now(void);
bool passed(time_t deadline);

/* The n-th event (0: first) of a kind and process, or NULL. */
const struct kes_event *find_event(enum kes_event_id kind, pid_t pid, unsigned int n);
unsigned int nr_events(enum kes_event_id kind, pid_t pid);
/* The first open of that path by that process, or NULL. */
const struct kes_event *find_open(pid_t pid, const char *path);

const uint8_t *event_string(const struct kes_event *ev, enum kes_buffer b, size_t *len);

/* Each expectation that does not hold fails the case with a text. They return whether it held. */
bool expect(bool holds, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool expect_event(const struct kes_event *ev, const char *what);
bool expect_number(const char *what, int64_t got, int64_t wanted);
bool expect_text(const struct kes_event *ev, enum kes_buffer b, const char *wanted);
/*
 * For many events at once: where programs can be preempted, an event may be missed, which is known
 * and counted (deployment_recursion_misses). Misses since play() make up for what lacks.
 */
bool expect_count(enum kes_event_id kind, unsigned int got, unsigned int wanted);
/* wanted: nr strings, each with its NUL, one after the other */
bool expect_args(const struct kes_event *ev, enum kes_buffer b, const char *wanted, size_t len);
bool expect_flags(const struct kes_event *ev, enum kes_buffer b, uint32_t flags);
void skip_case(const char *why);

/* For scenarios: end the process when something that must work did not. */
void must(bool ok, const char *what);
/* Fork, run fn, wait; tells the child's id at once. */
pid_t run_child(scenario_fn *fn, pid_t *pid);
void exec_trigger(const char *const argv[]);
/* Make and enter nr directories named "d" below the current one. */
void descend(int nr);
void copy_trigger(const char *to);

#endif /* SELFTESTS_KERNEL_SENSOR_TEST_H */
