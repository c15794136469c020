// SPDX-License-Identifier: Apache-2.0
/*
 * file_cases.c - opens, by every kind of path.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor_test.h"

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	must(fd >= 0, path);
	close(fd);
}

static void open_and_close(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	must(fd >= 0, path);
	close(fd);
}

static const char *in_work_dir(const char *name)
{
	static char path[8192];

	snprintf(path, sizeof(path), "%s/%s", work_dir, name);
	return path;
}

/* ---- fields ---- */

static void open_as_user(void)
{
	must(mkdir("dir", 0777) == 0 || errno == EEXIST, "mkdir");
	make_file("dir/file.txt");
	must(chdir("dir") == 0, "chdir");
	must(setegid(1234) == 0 && seteuid(1000) == 0, "seteuid");
	open_and_close("../dir/./file.txt", O_RDONLY);
}

static void open_tells_all_fields(void)
{
	const struct kes_event *ev;
	char self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (!play(open_as_user))
		return;
	self[n > 0 ? n : 0] = '\0';
	for (unsigned int i = 0; (ev = find_event(KES_OPEN, truth->player, i)); i++)
		if (ev->uid == 1000)
			break;
	if (!expect_event(ev, "open with effective uid 1000"))
		return;
	expect_text(ev, KES_BUF_PATH, in_work_dir("dir/file.txt"));
	expect_text(ev, KES_BUF_CWD, in_work_dir("dir"));
	expect_text(ev, KES_BUF_EXE, self);
	expect_number("gid", ev->gid, 1234);
	expect_number("tid", ev->tid, truth->player);
	expect_number("ppid", ev->ppid, getpid());
	expect_number("args_count", ev->args_count, 3);
	expect_number("image_pid", ev->image_pid, truth->player);
	expect(ev->start_ns > 0 && ev->parent_start_ns > 0, "start times");
}

/* ---- paths ---- */

static void open_symlink(void)
{
	char path[64];
	int fd;

	make_file("target");
	must(symlink("target", "link") == 0 || errno == EEXIST, "symlink");
	open_and_close("link", O_WRONLY);
	fd = open("target", O_RDONLY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	open_and_close(path, O_RDONLY);
	open_and_close("/proc/self/root/proc/version", O_RDONLY);
}

static void links_are_resolved(void)
{
	unsigned int n = 0;

	if (!play(open_symlink))
		return;
	expect(!find_open(truth->player, in_work_dir("link")), "the link itself is reported");
	for (unsigned int i = 0; i < nr_events(KES_OPEN, truth->player); i++) {
		const struct kes_event *ev = find_event(KES_OPEN, truth->player, i);
		size_t len;
		const uint8_t *s = event_string(ev, KES_BUF_PATH, &len);

		n += len > 7 && memcmp(s + len - 7, "/target", 7) == 0;
	}
	expect_number("opens of the target", n, 4);
	expect_event(find_open(truth->player, "/proc/version"), "open through /proc/self/root");
}

static void open_deep(void)
{
	descend(300);
	make_file("leaf");
}

static void deep_path_is_whole(void)
{
	const struct kes_event *ev;
	char wanted[1024];
	int len = snprintf(wanted, sizeof(wanted), "%s", work_dir);

	if (!play(open_deep))
		return;
	for (int i = 0; i < 300; i++)
		len += sprintf(wanted + len, "/d");
	strcpy(wanted + len, "/leaf");
	ev = find_open(truth->player, wanted);
	if (!expect_event(ev, "open"))
		return;
	/* The walk for the working directory is shorter, and says so. */
	expect_flags(ev, KES_BUF_CWD, KES_STR_PRESENT | KES_STR_ERROR);
}

static void open_long(void)
{
	char name[251];

	memset(name, 'l', 250);
	name[250] = '\0';
	for (int i = 0; i < 20; i++) {
		must(mkdir(name, 0777) == 0 || errno == EEXIST, "mkdir");
		must(chdir(name) == 0, "chdir");
		make_file("f");
	}
}

static void path_beyond_the_window_is_an_error(void)
{
	unsigned int n = 0, errors = 0;

	if (!play(open_long))
		return;
	for (; n < nr_events(KES_OPEN, truth->player); n++) {
		const struct kes_event *ev = find_event(KES_OPEN, truth->player, n);
		uint32_t flags = ev->str[KES_BUF_PATH].flags;

		errors += flags == (KES_STR_PRESENT | KES_STR_ERROR);
		expect(flags == KES_STR_PRESENT || ev->str[KES_BUF_PATH].len == 0, "flags %x",
		       flags);
	}
	expect_number("opens", n, 20);
	/* 16 + 251 * 16 + 2 = 4034 is the last that fits */
	expect_number("errors", errors, 4);
}

static void open_odd_names(void)
{
	make_file("x (deleted)");
	make_file("\xff\xfe\n\"");
}

static void odd_names_are_kept(void)
{
	if (!play(open_odd_names))
		return;
	expect_event(find_open(truth->player, in_work_dir("x (deleted)")), "name (deleted)");
	expect_event(find_open(truth->player, in_work_dir("\xff\xfe\n\"")), "name not in UTF-8");
}

static void open_nameless(void)
{
	char path[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0) {
		truth->skip = true;
		strcpy(truth->text, "no O_TMPFILE here");
		return;
	}
	fd = memfd_create("hidden", 0);
	must(fd >= 0, "memfd_create");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	open_and_close(path, O_RDONLY);
}

static void nameless_files_have_no_mark(void)
{
	const struct kes_event *ev;
	size_t len;
	const uint8_t *s;

	if (!play(open_nameless))
		return;
	ev = find_event(KES_OPEN, truth->player, 0);
	if (!expect_event(ev, "open of a temporary file"))
		return;
	s = event_string(ev, KES_BUF_PATH, &len);
	expect(len > 2 && memcmp(s, in_work_dir("#"), strlen(work_dir) + 2) == 0, "O_TMPFILE");
	expect(!memchr(s, '(', len), "marked as deleted");
	expect_event(find_open(truth->player, "/memfd:hidden"), "open of a memfd");
}

static void open_path_only(void)
{
	make_file("o_path");
	truth->number = open("o_path", O_PATH);
	must(truth->number >= 0, "O_PATH");
}

static void o_path_is_no_open(void)
{
	if (play(open_path_only))
		expect_number("opens", nr_events(KES_OPEN, truth->player), 1);
}

static void open_refused(void)
{
	int fd;

	make_file("private");
	must(chmod("private", 0600) == 0 && setuid(1000) == 0, "setuid");
	fd = open("private", O_RDONLY);
	must(fd < 0, "open was not refused");
}

static void refused_open_is_no_event(void)
{
	if (play(open_refused))
		expect_number("opens", nr_events(KES_OPEN, truth->player), 1);
}

static void open_overlay(void)
{
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
	     "unshare");
	mkdir("lower", 0755);
	mkdir("upper", 0755);
	mkdir("wrk", 0755);
	mkdir("merged", 0755);
	make_file("lower/file");
	if (mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=wrk")) {
		truth->skip = true;
		snprintf(truth->text, sizeof(truth->text), "no overlayfs: %s", strerror(errno));
		return;
	}
	open_and_close("merged/file", O_RDONLY);
}

static void overlay_open_is_one_event(void)
{
	if (!play(open_overlay))
		return;
	expect_event(find_open(truth->player, in_work_dir("merged/file")), "open");
	expect_number("opens", nr_events(KES_OPEN, truth->player), 2);
}

static void open_chroot(void)
{
	must(mkdir("cell", 0755) == 0 || errno == EEXIST, "mkdir");
	must(chroot("cell") == 0 && chdir("/") == 0, "chroot");
	make_file("/inside");
}

static void chroot_path_begins_at_its_root(void)
{
	if (play(open_chroot))
		expect_event(find_open(truth->player, "/inside"), "open");
}

/* ---- many at once ---- */

#define MIX_TASKS 6
#define MIX_OPENS 200

/* Two tasks a CPU and long paths: a preempted program must keep its slot to itself. */
static void mix_task(int n)
{
	char name[201];
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	memset(name, 'A' + n, 200);
	name[200] = '\0';
	for (int i = 0; i < 8; i++) {
		must(mkdir(name, 0777) == 0 || errno == EEXIST, "mkdir");
		must(chdir(name) == 0, "chdir");
	}
	for (int i = 0; i < MIX_OPENS; i++) {
		make_file("f");
		sched_yield();
	}
}

static void mix(void)
{
	pid_t *pids = (pid_t *)truth->text;

	for (int i = 0; i < MIX_TASKS; i++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid == 0) {
			mix_task(i);
			_exit(0);
		}
		pids[i] = pid;
	}
	while (wait(NULL) > 0)
		;
}

static void concurrent_opens_are_not_mixed(void)
{
	const pid_t *pids = (const pid_t *)truth->text;

	unsigned int opens = 0;

	if (!play(mix))
		return;
	for (int t = 0; t < MIX_TASKS; t++) {
		unsigned int n = 0;
		const struct kes_event *ev;

		for (; (ev = find_event(KES_OPEN, pids[t], n)); n++) {
			size_t len, root = strlen(work_dir);
			const uint8_t *s = event_string(ev, KES_BUF_PATH, &len);

			if (!expect_number("length", (int64_t)len, (int64_t)root + 8 * 201 + 2))
				return;
			for (size_t i = root; i < len - 2; i++)
				if (!expect(s[i] == '/' || s[i] == 'A' + t, "task %d reports %c", t,
					    s[i]))
					return;
		}
		opens += n;
	}
	expect_count(KES_OPEN, opens, MIX_TASKS * MIX_OPENS);
}

const struct test_case file_cases[] = {
	{ "file/open_tells_all_fields", open_tells_all_fields },
	{ "file/links_are_resolved", links_are_resolved },
	{ "file/deep_path_is_whole", deep_path_is_whole },
	{ "file/path_beyond_the_window_is_an_error", path_beyond_the_window_is_an_error },
	{ "file/odd_names_are_kept", odd_names_are_kept },
	{ "file/nameless_files_have_no_mark", nameless_files_have_no_mark },
	{ "file/o_path_is_no_open", o_path_is_no_open },
	{ "file/refused_open_is_no_event", refused_open_is_no_event },
	{ "file/overlay_open_is_one_event", overlay_open_is_one_event },
	{ "file/chroot_path_begins_at_its_root", chroot_path_begins_at_its_root },
	{ "file/concurrent_opens_are_not_mixed", concurrent_opens_are_not_mixed },
	{ NULL, NULL },
};
