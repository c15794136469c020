// SPDX-License-Identifier: Apache-2.0
/*
 * cost.c - what a command costs: the best wall-clock time and the most memory of a few runs.
 *
 *	cost TIMES COMMAND [ARGUMENT...]     out: "MILLISECONDS KILOBYTES"
 *
 * What the command itself says is dropped. Exit: 0, or 1 when a run failed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void become(char **argv)
{
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(127);
	execvp(argv[0], argv);
	_exit(127);
}

static int run(char **argv, double *ms, long *kilobytes)
{
	double begin = now_ms();
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		become(argv);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0)
		return 1;
	*ms = now_ms() - begin;
	*kilobytes = usage.ru_maxrss;
	return 0;
}

int main(int argc, char **argv)
{
	double best = 0, ms;
	long most = 0, kilobytes;

	if (argc < 3) {
		fprintf(stderr, "usage: cost TIMES COMMAND [ARGUMENT...]\n");
		return 2;
	}
	for (int left = atoi(argv[1]); left > 0; left--) {
		if (run(argv + 2, &ms, &kilobytes)) {
			fprintf(stderr, "cost: %s failed\n", argv[2]);
			return 1;
		}
		best = best > 0 && best < ms ? best : ms;
		most = most > kilobytes ? most : kilobytes;
	}
	printf("%.1f %ld\n", best, most);
	return 0;
}
