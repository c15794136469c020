// SPDX-License-Identifier: Apache-2.0
/*
 * process_cases.c - fork, exec and exit, field by field, with what peers fell over.
 */
#include <linux/sched.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor_test.h"

#define UID 1000
#define GID 1234

static const char self_exe[] = "/proc/self/exe";

static void path_of_self(char *out, size_t size)
{
	ssize_t n = readlink(self_exe, out, size - 1);

	out[n > 0 ? n : 0] = '\0';
}

/* ---- the life of a process, all fields ---- */

static void life_child(void)
{
	must(chdir("/proc/self") == 0, "chdir"); /* a link: the directory's name is /proc/PID */
	must(chdir("/tmp") == 0, "chdir");
	must(setgid(GID) == 0 && setuid(UID) == 0, "setuid");
	exec_trigger((const char *[]){ "tr", "exit", "7", "two words", "", NULL });
}

static void life(void)
{
	run_child(life_child, &truth->child);
}

static const char life_args[] = "tr\0exit\0"
				"7\0two words\0";

static void check_parent(const struct kes_event *ev)
{
	char self[256];

	path_of_self(self, sizeof(self));
	expect_number("ppid", ev->ppid, truth->player);
	expect_text(ev, KES_BUF_PARENT_EXE, self);
	expect((ev->flags & KES_EV_PARENT_UNKNOWN) == 0, "the parent is unknown");
}

static void fork_tells_the_child(void)
{
	const struct kes_event *ev;

	if (!play(life))
		return;
	ev = find_event(KES_FORK, truth->child, 0);
	if (!expect_event(ev, "fork"))
		return;
	expect_number("tid", ev->tid, truth->child);
	expect_number("image_pid", ev->image_pid, truth->player);
	expect_number("uid", ev->uid, 0);
	expect_number("gid", ev->gid, 0);
	expect_text(ev, KES_BUF_CWD, work_dir);
	check_parent(ev);
	expect(ev->start_ns > ev->parent_start_ns && ev->parent_start_ns > 0, "start times");
	expect(ev->ktime_ns >= (uint64_t)ev->start_ns, "time of the event");
	expect_number("forks", nr_events(KES_FORK, truth->child), 1);
}

static void exec_tells_all_fields(void)
{
	const struct kes_event *fork_ev, *ev;

	if (!play(life))
		return;
	fork_ev = find_event(KES_FORK, truth->child, 0);
	ev = find_event(KES_EXEC, truth->child, 0);
	if (!expect_event(ev, "exec") || !expect_event(fork_ev, "fork"))
		return;
	expect_text(ev, KES_BUF_EXE, trigger);
	expect_args(ev, KES_BUF_ARGS, life_args, sizeof(life_args));
	expect_number("args_count", ev->args_count, 5);
	expect_text(ev, KES_BUF_CWD, "/tmp");
	expect_number("uid", ev->uid, UID);
	expect_number("gid", ev->gid, GID);
	expect_number("tid", ev->tid, truth->child);
	expect_number("image_pid", ev->image_pid, truth->child);
	expect_number("start_ns", ev->start_ns, fork_ev->start_ns);
	expect_number("parent_start_ns", ev->parent_start_ns, fork_ev->parent_start_ns);
	expect_number("hits[0]", ev->hits[0], 0);
	expect(strcmp(ev->comm, "trigger") == 0, "comm is %s", ev->comm);
	check_parent(ev);
	expect_number("generation", ev->generation, 1);
	expect(ev->version == KES_WIRE_VERSION && ev->seq > 0, "version, seq");
}

static void exit_tells_the_status(void)
{
	const struct kes_event *ev;

	if (!play(life))
		return;
	ev = find_event(KES_EXIT, truth->child, 0);
	if (!expect_event(ev, "exit"))
		return;
	expect_number("exit_code", ev->exit_code, 7);
	expect_text(ev, KES_BUF_EXE, trigger);
	expect_args(ev, KES_BUF_ARGS, life_args, sizeof(life_args));
	expect_number("args_count", ev->args_count, 5);
	expect_number("uid", ev->uid, UID);
	expect_number("length judged", ev->hits[1], (int64_t)strlen(trigger));
	check_parent(ev);
	expect_number("exits", nr_events(KES_EXIT, truth->child), 1);
}

/* ---- parents ---- */

static void grandchild(void)
{
	exec_trigger((const char *[]){ "grandchild", NULL });
}

static void parent_with_arguments_child(void)
{
	run_child(grandchild, &truth->grandchild);
}

/* The player execs itself nothing: its child is a fork that runs the tester's image. */
static void forked_image(void)
{
	run_child(parent_with_arguments_child, &truth->child);
}

static void fork_without_exec_keeps_the_image(void)
{
	const struct kes_event *ev;
	char self[256];

	if (!play(forked_image))
		return;
	path_of_self(self, sizeof(self));
	ev = find_event(KES_FORK, truth->grandchild, 0);
	if (!expect_event(ev, "fork of the grandchild"))
		return;
	expect_number("ppid", ev->ppid, truth->child);
	expect_text(ev, KES_BUF_EXE, self);
	expect_text(ev, KES_BUF_PARENT_EXE, self);
	ev = find_event(KES_EXEC, truth->grandchild, 0);
	if (!expect_event(ev, "exec of the grandchild"))
		return;
	expect_number("ppid", ev->ppid, truth->child);
	expect_text(ev, KES_BUF_PARENT_EXE, self);
	expect_number("parent_args_count", ev->parent_args_count, 3);
}

static int clone_with_parent(void *arg)
{
	(void)arg;
	exec_trigger((const char *[]){ "adopted", NULL });
	return 0;
}

static void clone_parent_child(void)
{
	struct clone_args args = { .flags = CLONE_PARENT };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	must(pid >= 0, "clone3");
	if (pid == 0)
		_exit(clone_with_parent(NULL));
	truth->grandchild = pid;
}

static void clone_parent(void)
{
	run_child(clone_parent_child, &truth->child);
	must(waitpid(truth->grandchild, NULL, __WALL) == truth->grandchild, "wait for adopted");
}

static void clone_parent_has_the_real_parent(void)
{
	const struct kes_event *ev;

	if (!play(clone_parent))
		return;
	ev = find_event(KES_FORK, truth->grandchild, 0);
	if (!expect_event(ev, "fork"))
		return;
	expect_number("ppid", ev->ppid, truth->player);
	expect_number("image_pid", ev->image_pid, truth->child);
	ev = find_event(KES_EXEC, truth->grandchild, 0);
	if (expect_event(ev, "exec"))
		expect_number("ppid", ev->ppid, truth->player);
}

static void vfork_player(void)
{
	static const char *const argv[] = { "vforked", "exit", "3", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execv(trigger, (char *const *)argv);
		_exit(98);
	}
	must(pid > 0, "vfork");
	truth->child = pid;
	must(waitpid(pid, NULL, 0) == pid, "waitpid");
}

static void vfork_is_a_fork(void)
{
	const struct kes_event *ev;

	if (!play(vfork_player))
		return;
	expect_number("forks", nr_events(KES_FORK, truth->child), 1);
	ev = find_event(KES_EXIT, truth->child, 0);
	if (expect_event(ev, "exit"))
		expect_number("exit_code", ev->exit_code, 3);
}

/* ---- threads ---- */

static void *thread_nothing(void *arg)
{
	return arg;
}

static void *thread_exec(void *arg)
{
	exec_trigger((const char *[]){ "threaded", NULL });
	return arg;
}

static void exec_thread_child(void)
{
	pthread_t t;

	must(pthread_create(&t, NULL, thread_nothing, NULL) == 0, "pthread_create");
	pthread_join(t, NULL);
	must(pthread_create(&t, NULL, thread_exec, NULL) == 0, "pthread_create");
	for (;;)
		pause();
}

static void exec_thread(void)
{
	run_child(exec_thread_child, &truth->child);
}

static void exec_by_a_thread_is_the_process(void)
{
	const struct kes_event *ev;

	if (!play(exec_thread))
		return;
	expect_number("forks", nr_events(KES_FORK, truth->child), 1);
	expect_number("exits", nr_events(KES_EXIT, truth->child), 1);
	ev = find_event(KES_EXEC, truth->child, 0);
	if (!expect_event(ev, "exec"))
		return;
	expect_number("tid", ev->tid, truth->child);
	expect_text(ev, KES_BUF_EXE, trigger);
	expect_number("ppid", ev->ppid, truth->player);
}

static void *thread_exit_group(void *arg)
{
	_exit(9);
	return arg;
}

static void exit_group_child(void)
{
	pthread_t t;

	must(pthread_create(&t, NULL, thread_exit_group, NULL) == 0, "pthread_create");
	for (;;)
		pause();
}

static void exit_group_player(void)
{
	run_child(exit_group_child, &truth->child);
}

static void exit_by_a_thread_is_one_exit(void)
{
	const struct kes_event *ev;

	if (!play(exit_group_player))
		return;
	expect_number("exits", nr_events(KES_EXIT, truth->child), 1);
	ev = find_event(KES_EXIT, truth->child, 0);
	if (expect_event(ev, "exit"))
		expect_number("exit_code", ev->exit_code, 9);
}

#define STORM_THREADS 16
#define STORM_ROUNDS  20

static void *thread_exit_alone(void *arg)
{
	pthread_barrier_wait(arg);
	syscall(SYS_exit, 0);
	return NULL;
}

/*
 * Every thread ends by itself at the same time. Whose status is the process's: since 6.0 that of
 * the last one, before that the leader's; wait() knows.
 */
static void storm_child(void)
{
	static pthread_barrier_t barrier;
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, STORM_THREADS + 1);
	for (int i = 0; i < STORM_THREADS; i++)
		must(pthread_create(&t, NULL, thread_exit_alone, &barrier) == 0, "pthread_create");
	pthread_barrier_wait(&barrier);
	syscall(SYS_exit, 5);
}

static void storm(void)
{
	pid_t *pids = (pid_t *)truth->text;

	for (int i = 0; i < STORM_ROUNDS; i++) {
		int status;

		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid == 0)
			storm_child();
		must(waitpid(pid, &status, 0) == pid, "waitpid");
		pids[i] = pid;
		pids[STORM_ROUNDS + i] = WEXITSTATUS(status);
	}
}

static void threads_ending_together_are_one_exit(void)
{
	const pid_t *pids = (const pid_t *)truth->text;

	if (!play(storm))
		return;
	for (int i = 0; i < STORM_ROUNDS; i++) {
		const struct kes_event *ev = find_event(KES_EXIT, pids[i], 0);

		expect_number("exits", nr_events(KES_EXIT, pids[i]), 1);
		if (expect_event(ev, "exit"))
			expect_number("exit_code", ev->exit_code, pids[STORM_ROUNDS + i]);
	}
}

/* ---- signals ---- */

static void die_by_signal(void)
{
	char number[16];
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	snprintf(number, sizeof(number), "%d", truth->number);
	exec_trigger((const char *[]){ "tr", "signal", number, NULL });
}

static void signals(void)
{
	static const int numbers[] = { SIGKILL, SIGSEGV, SIGABRT, SIGTERM };
	pid_t *pids = (pid_t *)truth->text;

	for (int i = 0; i < 4; i++) {
		truth->number = numbers[i];
		run_child(die_by_signal, &pids[i]);
	}
}

static void exit_by_signal_is_128_plus(void)
{
	static const int codes[] = { 128 + SIGKILL, 128 + SIGSEGV, 128 + SIGABRT, 128 + SIGTERM };
	const pid_t *pids = (const pid_t *)truth->text;

	if (!play(signals))
		return;
	for (int i = 0; i < 4; i++) {
		const struct kes_event *ev = find_event(KES_EXIT, pids[i], 0);

		if (expect_event(ev, "exit"))
			expect_number("exit_code", ev->exit_code, codes[i]);
	}
}

/* ---- arguments ---- */

static void one_long_argument_child(void)
{
	static char arg[20001];

	memset(arg, 'x', sizeof(arg) - 1);
	exec_trigger((const char *[]){ "tr", arg, NULL });
}

static void one_long_argument(void)
{
	run_child(one_long_argument_child, &truth->child);
}

static void long_argument_is_cut_at_the_window(void)
{
	const struct kes_event *ev;
	size_t len;
	const uint8_t *s;

	if (!play(one_long_argument))
		return;
	ev = find_event(KES_EXEC, truth->child, 0);
	if (!expect_event(ev, "exec"))
		return;
	expect_number("args_count", ev->args_count, 2);
	expect_flags(ev, KES_BUF_ARGS, KES_STR_PRESENT | KES_STR_TRUNC);
	s = event_string(ev, KES_BUF_ARGS, &len);
	expect_number("length", (int64_t)len, KES_WINDOW);
	expect(memcmp(s, "tr\0xxx", 6) == 0 && s[len - 1] == 'x', "content");
}

#define MANY 2045 /* of "a", with "tr" before: 4093 bytes; one more is 4095 */

static void many_arguments_child(void)
{
	static const char *argv[32768 + 2];
	int n = truth->number;

	argv[0] = "tr";
	for (int i = 1; i <= n; i++)
		argv[i] = "a";
	exec_trigger(argv);
}

static void many_arguments(void)
{
	pid_t *pids = (pid_t *)truth->text;

	truth->number = MANY;
	run_child(many_arguments_child, &pids[0]);
	truth->number = 32768;
	run_child(many_arguments_child, &pids[1]);
}

static void many_arguments_are_all_counted(void)
{
	const pid_t *pids = (const pid_t *)truth->text;
	const struct kes_event *ev;

	if (!play(many_arguments))
		return;
	ev = find_event(KES_EXEC, pids[0], 0);
	if (expect_event(ev, "exec")) {
		expect_number("args_count", ev->args_count, MANY + 1);
		expect_number("length", ev->str[KES_BUF_ARGS].len, 3 + 2 * MANY);
		expect_flags(ev, KES_BUF_ARGS, KES_STR_PRESENT);
	}
	ev = find_event(KES_EXEC, pids[1], 0);
	if (expect_event(ev, "exec")) {
		expect_number("args_count", ev->args_count, 32769);
		expect_flags(ev, KES_BUF_ARGS, KES_STR_PRESENT | KES_STR_TRUNC);
	}
	ev = find_event(KES_EXIT, pids[1], 0);
	if (expect_event(ev, "exit")) {
		expect_number("args_count", ev->args_count, 32769);
		expect_number("length kept", ev->str[KES_BUF_ARGS].len, KES_PROC_ARGS);
		expect_flags(ev, KES_BUF_ARGS, KES_STR_PRESENT | KES_STR_TRUNC);
	}
}

static void empty_argv_child(void)
{
	execv(trigger, (char *const[]){ NULL });
	must(false, "execv");
}

static void empty_argv(void)
{
	run_child(empty_argv_child, &truth->child);
}

static void empty_argv_is_reported_as_it_is(void)
{
	const struct kes_event *ev;

	if (!play(empty_argv))
		return;
	ev = find_event(KES_EXEC, truth->child, 0);
	if (!expect_event(ev, "exec"))
		return;
	/* Since 5.18 the kernel makes one empty argument of none. */
	expect(ev->args_count == ev->str[KES_BUF_ARGS].len && ev->args_count <= 1,
	       "args_count %lld, length %u", (long long)ev->args_count, ev->str[KES_BUF_ARGS].len);
	expect_flags(ev, KES_BUF_ARGS, KES_STR_PRESENT);
}

/* ---- what is executed ---- */

static void script_child(void)
{
	FILE *f = fopen("script", "w");

	must(f != NULL, "script");
	fprintf(f, "#!%s exit\n", trigger);
	must(fclose(f) == 0 && chmod("script", 0755) == 0, "script");
	execl("./script", "ignored", "argument", NULL);
	must(false, "execl");
}

static void script(void)
{
	run_child(script_child, &truth->child);
}

static void script_runs_its_interpreter(void)
{
	const struct kes_event *ev;
	char wanted[512];
	int len;

	if (!play(script))
		return;
	ev = find_event(KES_EXEC, truth->child, 0);
	if (!expect_event(ev, "exec"))
		return;
	len = snprintf(wanted, sizeof(wanted), "%s%cexit%c./script%cargument%c", trigger, 0, 0, 0,
		       0);
	expect_text(ev, KES_BUF_EXE, trigger);
	expect_args(ev, KES_BUF_ARGS, wanted, (size_t)len);
	expect_number("args_count", ev->args_count, 4);
	expect_number("execs", nr_events(KES_EXEC, truth->child), 1);
}

static void exec_deep_child(void)
{
	descend(truth->number);
	copy_trigger("deep");
	execl("./deep", "deep", NULL);
	must(false, "execl");
}

static const int depths[] = { 20, 32, 96, 128, 310, 500 };
#define NR_DEPTHS 6
#define DEPTH_OK  310 /* deeper ones are errors */

static void exec_deep(void)
{
	pid_t *pids = (pid_t *)truth->text;

	for (int i = 0; i < NR_DEPTHS; i++) {
		truth->number = depths[i];
		run_child(exec_deep_child, &pids[i]);
	}
}

static void exec_in_deep_directories(void)
{
	const pid_t *pids = (const pid_t *)truth->text;
	char wanted[4096];

	if (!play(exec_deep))
		return;
	for (int i = 0; i < NR_DEPTHS; i++) {
		const struct kes_event *ev = find_event(KES_EXEC, pids[i], 0);
		size_t len = strlen(strcpy(wanted, work_dir));

		if (!expect_event(ev, "exec"))
			return;
		for (int j = 0; j < depths[i]; j++)
			len += (size_t)sprintf(wanted + len, "/d");
		strcpy(wanted + len, "/deep");
		if (depths[i] <= DEPTH_OK)
			expect_text(ev, KES_BUF_EXE, wanted);
		else
			expect_flags(ev, KES_BUF_EXE, KES_STR_PRESENT | KES_STR_ERROR);
	}
}

static void exec_long_child(void)
{
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	for (int i = 0; i < truth->number; i++) {
		must(mkdir(name, 0777) == 0 || errno == EEXIST, "mkdir");
		must(chdir(name) == 0, "chdir");
	}
	copy_trigger("t");
	execl("./t", "t", NULL);
	must(false, "execl");
}

static void exec_long(void)
{
	pid_t *pids = (pid_t *)truth->text;

	truth->number = 15; /* 16 + 15 * 256 + 2 = 3858 */
	run_child(exec_long_child, &pids[0]);
	truth->number = 17;
	run_child(exec_long_child, &pids[1]);
}

static void exec_by_a_long_path(void)
{
	const pid_t *pids = (const pid_t *)truth->text;
	const struct kes_event *ev;

	if (!play(exec_long))
		return;
	ev = find_event(KES_EXEC, pids[0], 0);
	if (expect_event(ev, "exec")) {
		expect_flags(ev, KES_BUF_EXE, KES_STR_PRESENT);
		expect_number("length", ev->str[KES_BUF_EXE].len,
			      (int64_t)strlen(work_dir) + 15 * 256 + 2);
	}
	ev = find_event(KES_EXIT, pids[0], 0);
	if (expect_event(ev, "exit"))
		expect_flags(ev, KES_BUF_EXE, KES_STR_PRESENT | KES_STR_TRUNC);
	ev = find_event(KES_EXEC, pids[1], 0);
	if (expect_event(ev, "exec"))
		expect_flags(ev, KES_BUF_EXE, KES_STR_PRESENT | KES_STR_ERROR);
}

static void exec_memfd_child(void)
{
	int fd = memfd_create("secret", 0);
	char path[64];

	must(fd >= 0, "memfd_create");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	copy_trigger(path);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(path, O_RDONLY));
	close(fd);
	execl(path, "m", NULL);
	must(false, "execl");
}

static void exec_memfd(void)
{
	run_child(exec_memfd_child, &truth->child);
}

static void exec_of_a_memfd_has_its_name(void)
{
	const struct kes_event *ev;

	if (!play(exec_memfd))
		return;
	ev = find_event(KES_EXEC, truth->child, 0);
	if (expect_event(ev, "exec"))
		expect_text(ev, KES_BUF_EXE, "/memfd:secret");
}

static void exec_deleted_child(void)
{
	int fd;

	copy_trigger("gone");
	fd = open("gone", O_RDONLY);
	must(fd >= 0 && unlink("gone") == 0, "unlink");
	fexecve(fd, (char *const[]){ "gone", NULL }, (char *const[]){ NULL });
	must(false, "fexecve");
}

static void exec_deleted(void)
{
	run_child(exec_deleted_child, &truth->child);
}

static void exec_of_a_deleted_file_has_its_name(void)
{
	const struct kes_event *ev;
	char wanted[256];

	if (!play(exec_deleted))
		return;
	snprintf(wanted, sizeof(wanted), "%s/gone", work_dir);
	ev = find_event(KES_EXEC, truth->child, 0);
	if (expect_event(ev, "exec"))
		expect_text(ev, KES_BUF_EXE, wanted);
}

static void exec_mounted_child(void)
{
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
	     "unshare");
	must((mkdir("m", 0755) == 0 || errno == EEXIST) && mount("t", "m", "tmpfs", 0, NULL) == 0,
	     "mount");
	must(mkdir("m/n", 0755) == 0 && mount("t", "m/n", "tmpfs", 0, NULL) == 0, "mount");
	must(mkdir("b", 0755) == 0 || errno == EEXIST, "mkdir");
	copy_trigger("m/n/prog");
	must(mount("m", "b", NULL, MS_BIND | MS_REC, NULL) == 0, "bind");
	execl("b/n/prog", "prog", NULL);
	must(false, "execl");
}

static void exec_mounted(void)
{
	run_child(exec_mounted_child, &truth->child);
}

static void exec_across_mounts(void)
{
	const struct kes_event *ev;
	char wanted[256];

	if (!play(exec_mounted))
		return;
	snprintf(wanted, sizeof(wanted), "%s/b/n/prog", work_dir);
	ev = find_event(KES_EXEC, truth->child, 0);
	if (expect_event(ev, "exec"))
		expect_text(ev, KES_BUF_EXE, wanted);
}

static void exec_chroot_child(void)
{
	must(mkdir("jail", 0755) == 0 || errno == EEXIST, "mkdir");
	copy_trigger("jail/prog");
	must(chroot("jail") == 0 && chdir("/") == 0, "chroot");
	execl("/prog", "prog", NULL);
	must(false, "execl");
}

static void exec_chroot(void)
{
	run_child(exec_chroot_child, &truth->child);
}

static void exec_in_a_chroot_begins_at_its_root(void)
{
	const struct kes_event *ev;

	if (!play(exec_chroot))
		return;
	ev = find_event(KES_EXEC, truth->child, 0);
	if (!expect_event(ev, "exec"))
		return;
	expect_text(ev, KES_BUF_EXE, "/prog");
	expect_text(ev, KES_BUF_CWD, "/");
}

/* ---- many at once ---- */

static void churn_child(void)
{
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid == 0) {
			char arg[64];

			snprintf(arg, sizeof(arg), "%d", (int)getpid());
			exec_trigger((const char *[]){ "churn", "exit", arg, NULL });
		}
		waitpid(pid, NULL, 0);
	}
}

static void churn(void)
{
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			churn_child();
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
}

/* Each process names itself in its arguments: no event may mix two of them. */
static void concurrent_processes_are_not_mixed(void)
{
	unsigned int execs = 0, exits = 0;

	if (!play(churn))
		return;
	for (pid_t pid = 1; pid < 100000; pid++) {
		const struct kes_event *ev = find_event(KES_EXEC, pid, 0);
		char wanted[128];
		int len;

		if (!ev)
			continue;
		len = snprintf(wanted, sizeof(wanted), "churn%cexit%c%d%c", 0, 0, (int)pid, 0);
		expect_args(ev, KES_BUF_ARGS, wanted, (size_t)len);
		ev = find_event(KES_EXIT, pid, 0);
		execs++;
		if (!ev)
			continue;
		expect_args(ev, KES_BUF_ARGS, wanted, (size_t)len);
		expect_number("exit_code", ev->exit_code, pid & 0xff);
		exits++;
	}
	expect_count(KES_EXEC, execs, 200);
	expect_count(KES_EXIT, exits, execs);
}

const struct test_case process_cases[] = {
	{ "process/fork_tells_the_child", fork_tells_the_child },
	{ "process/exec_tells_all_fields", exec_tells_all_fields },
	{ "process/exit_tells_the_status", exit_tells_the_status },
	{ "process/fork_without_exec_keeps_the_image", fork_without_exec_keeps_the_image },
	{ "process/clone_parent_has_the_real_parent", clone_parent_has_the_real_parent },
	{ "process/vfork_is_a_fork", vfork_is_a_fork },
	{ "process/exec_by_a_thread_is_the_process", exec_by_a_thread_is_the_process },
	{ "process/exit_by_a_thread_is_one_exit", exit_by_a_thread_is_one_exit },
	{ "process/threads_ending_together_are_one_exit", threads_ending_together_are_one_exit },
	{ "process/exit_by_signal_is_128_plus", exit_by_signal_is_128_plus },
	{ "process/long_argument_is_cut_at_the_window", long_argument_is_cut_at_the_window },
	{ "process/many_arguments_are_all_counted", many_arguments_are_all_counted },
	{ "process/empty_argv_is_reported_as_it_is", empty_argv_is_reported_as_it_is },
	{ "process/script_runs_its_interpreter", script_runs_its_interpreter },
	{ "process/exec_in_deep_directories", exec_in_deep_directories },
	{ "process/exec_by_a_long_path", exec_by_a_long_path },
	{ "process/exec_of_a_memfd_has_its_name", exec_of_a_memfd_has_its_name },
	{ "process/exec_of_a_deleted_file_has_its_name", exec_of_a_deleted_file_has_its_name },
	{ "process/exec_across_mounts", exec_across_mounts },
	{ "process/exec_in_a_chroot_begins_at_its_root", exec_in_a_chroot_begins_at_its_root },
	{ "process/concurrent_processes_are_not_mixed", concurrent_processes_are_not_mixed },
	{ NULL, NULL },
};
