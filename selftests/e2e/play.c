// SPDX-License-Identifier: Apache-2.0
/*
 * play.c - plays the acts of acts.c, one after another.
 *
 * in:  play LOG; play --only RULE LOG for the acts of one rule
 * out: LOG gets "ACT PID PARENT CHILD" for each, CHILD being what the act forked, or 0. Then
 *      "begin NS" and "end NS", the wall clock around all of them
 *
 * Every program of the table is a hard link to this one, which then knows its act from the
 * environment, where no rule looks. The log stays open all the time: nobody opens a file that the
 * act does not open.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "acts.h"

#define LOG_FD  3
#define ENV_ACT "E2E_ACT"
#define ENV_VIA "E2E_VIA" /* set for the program that only executes the act's own */

static char long_arg[ACT_LONG_BYTES + 1];

static _Noreturn void fail(const char *what, const char *name)
{
	dprintf(STDERR_FILENO, "play: cannot %s %s: %s\n", what, name, strerror(errno));
	_exit(125);
}

static void say(const char *fmt, ...)
{
	char line[128];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (write(LOG_FD, line, (size_t)len) != len)
		fail("write to", "the log");
}

/* Acting: this process is a program of the table */

static void *thread(void *arg)
{
	return arg;
}

static void start_thread(void)
{
	pthread_t id;

	if (pthread_create(&id, NULL, thread, NULL) || pthread_join(id, NULL))
		fail("start", "a thread");
}

static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		fail("fork", "a child");
	return pid;
}

/* A file that is not there is not there on purpose. */
static void open_file(const char *file, int flags)
{
	int fd = open(file, flags | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT)
		fail("open", file);
}

static void die_of(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

static _Noreturn void act(const struct act *a)
{
	pid_t child = 0;
	struct stat st;

	if (a->deed == DEED_FORK)
		child = fork_child();
	if (a->deed == DEED_THREAD)
		start_thread();
	if (a->deed == DEED_OPEN || a->deed == DEED_PATH)
		open_file(a->file, a->deed == DEED_PATH ? O_PATH : O_RDONLY);
	if (a->deed == DEED_STAT && stat(a->file, &st))
		fail("stat", a->file);
	say("%td %d %d %d\n", a - acts, getpid(), getppid(), child);
	if (a->deed == DEED_SIGNAL)
		die_of(a->code);
	_exit(a->deed == DEED_EXIT ? a->code : 0);
}

/* Playing */

static void execute(const char *program, const char *const *args)
{
	const char *argv[ACT_ARGS_MAX + 2] = { program };

	for (size_t i = 0; i < ACT_ARGS_MAX && args[i]; i++)
		argv[i + 1] = strcmp(args[i], ACT_LONG) == 0 ? long_arg : args[i];
	execv(program, (char *const *)argv);
	fail("execute", program);
}

static void become(const struct act *a)
{
	if (chdir(a->cwd ? a->cwd : ACT_CWD))
		fail("change to", a->cwd ? a->cwd : ACT_CWD);
	if (setgroups(0, NULL) || setgid(a->gid) || setuid(a->uid))
		fail("become another user for", a->program);
}

static void wait_for(pid_t pid, const char *program)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("run", program);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 125)
		_exit(125);
}

/* In the program between play and the act. */
static _Noreturn void go_on(const struct act *a)
{
	pid_t pid = fork();

	if (pid == 0) {
		unsetenv(ENV_VIA);
		execute(a->program, a->args);
	}
	wait_for(pid, a->program);
	_exit(0);
}

static void play(const struct act *a)
{
	char number[24];
	pid_t pid;

	snprintf(number, sizeof(number), "%td", a - acts);
	setenv(ENV_ACT, number, 1);
	if (a->via)
		setenv(ENV_VIA, "1", 1);
	else
		unsetenv(ENV_VIA);
	pid = fork();
	if (pid == 0) {
		become(a);
		if (a->via)
			execute(a->via, a->via_args);
		else
			execute(a->program, a->args);
	}
	wait_for(pid, a->program);
}

/* The folders on the way to a file of the stage. */
static void make_folders(const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s", file);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			fail("make", path);
		*slash = '/';
	}
}

static void make_program(const char *path)
{
	make_folders(path);
	if (link(ACT_PLAY, path) && errno != EEXIST)
		fail("link", path);
}

static void set_the_stage(void)
{
	static const char *const files[] = {
		"/e2e/null/plain",       "/e2e/null/plain.txt",      "/e2e/data/secret.key",
		"/e2e/data/secret.key2", "/e2e/data/Passwords.kdbx", "/e2e/data/Passwords.kdbx.old",
		"/e2e/data/parent",      "/e2e/data/link/x",         "/e2e/pass/my.kdbx",
		"/e2e/cwd/deeper/x",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd;

		make_folders(files[i]);
		fd = open(files[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 && errno != EEXIST)
			fail("create", files[i]);
		if (fd >= 0)
			close(fd);
	}
	for (size_t i = 0; i < nr_acts; i++) {
		make_program(acts[i].program);
		if (acts[i].via)
			make_program(acts[i].via);
	}
}

static void say_time(const char *what)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	say("%s %lld\n", what, (long long)t.tv_sec * 1000000000 + t.tv_nsec);
}

static void open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);

	if (fd < 0 || dup2(fd, LOG_FD) < 0)
		fail("create", path);
	if (fd != LOG_FD)
		close(fd);
}

static void play_all(const char *only)
{
	say_time("begin");
	for (size_t i = 0; i < nr_acts; i++) {
		if (!only || strcmp(acts[i].rule, only) == 0)
			play(&acts[i]);
	}
	say_time("end");
}

int main(int argc, char **argv)
{
	const char *number = getenv(ENV_ACT);
	const bool only = argc == 4 && strcmp(argv[1], "--only") == 0;

	memset(long_arg, 'x', ACT_LONG_BYTES);
	if (number && getenv(ENV_VIA))
		go_on(&acts[atoi(number)]);
	if (number)
		act(&acts[atoi(number)]);
	if (argc == 2 && strcmp(argv[1], "--stage") == 0) {
		set_the_stage();
		return 0;
	}
	if (argc != 2 && !only) {
		fputs("usage: play --stage | [--only RULE] LOG\n", stderr);
		return 2;
	}
	open_log(argv[argc - 1]);
	play_all(only ? argv[2] : NULL);
	return 0;
}
