// SPDX-License-Identifier: Apache-2.0
/*
 * workload.c - times the operations that the sensor watches. Static; runs in a VM that counts
 * instructions, where a nanosecond is one.
 *
 *	workload LABEL     out: "vm exec LABEL NS" and "vm open LABEL NS", medians per operation
 *
 * An exec is fork + exec + exit + wait of BENCH_EXE, which must be a copy of tiny. An open is
 * open + close of BENCH_PATH, which must exist.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

#define REPEATS 15

struct operation {
	const char *name;
	int (*run)(void);
	int times; /* in one repeat */
};

static int run_exec(void)
{
	static char args[] = BENCH_ARGS;
	char *argv[BENCH_NR_ARGS + 1], *envp[] = { NULL }, *s = args;
	int status;
	pid_t pid;

	for (int i = 0; i < BENCH_NR_ARGS; i++, s += strlen(s) + 1)
		argv[i] = s;
	argv[BENCH_NR_ARGS] = NULL;
	pid = fork();
	if (pid == 0) {
		execve(BENCH_EXE, argv, envp);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status == 0 ? 0 : -1;
}

static int run_open(void)
{
	int fd = open(BENCH_PATH, O_RDONLY);

	return fd < 0 ? -1 : close(fd);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* The first repeat warms up and does not count. */
static int measure(const struct operation *op, const char *label)
{
	double ns[REPEATS];

	for (int i = -1; i < REPEATS; i++) {
		double begin = now_ns();

		for (int k = 0; k < op->times; k++) {
			if (op->run()) {
				perror(op->name);
				return 1;
			}
		}
		if (i >= 0)
			ns[i] = (now_ns() - begin) / op->times;
	}
	qsort(ns, REPEATS, sizeof(*ns), by_value);
	printf("vm %s %s %.0f\n", op->name, label, ns[REPEATS / 2]);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct operation operations[] = {
		{ "exec", run_exec, 40 },
		{ "open", run_open, 400 },
	};
	int failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: workload LABEL\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		failed |= measure(&operations[i], argv[1]);
	return failed;
}
