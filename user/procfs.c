// SPDX-License-Identifier: Apache-2.0
/*
 * procfs.c - see procfs.h.
 *
 * in:     /proc/PID/{exe,root,cwd,cmdline}
 * out:    strings in an inject_event, laid out as the sensor does
 * bounds: KES_WINDOW bytes a string; arguments are counted up to CMDLINE_MAX
 */
#include "procfs.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../compiler/err.h"

/* The kernel's limit for one argument list is a quarter of the stack limit, 2 MiB by default. */
#define CMDLINE_MAX (64 * 1024 * 1024)

static void add_string(struct inject_event *e, enum kes_buffer buffer, const char *text, size_t len,
		       uint32_t flags)
{
	struct kes_str *str = &e->ev.str[buffer];

	if (len > KES_WINDOW) {
		len = KES_WINDOW;
		flags |= KES_STR_TRUNC;
	}
	str->off = (uint16_t)e->ev.buf_len;
	str->len = (uint16_t)len;
	str->flags = KES_STR_PRESENT | flags;
	memcpy(e->buf + e->ev.buf_len, text, len);
	e->ev.buf_len += (uint32_t)len;
}

static int read_link(pid_t pid, const char *name, char *out, size_t size)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/%s", (int)pid, name);
	len = readlink(link, out, size - 1);
	if (len < 0)
		return -errno;
	if ((size_t)len == size - 1)
		return -ENAMETOOLONG;
	out[len] = '\0';
	return 0;
}

/* Whether the link's text is the name of the file it leads to, seen from the process's root. */
static bool is_real_name(pid_t pid, const char *name, const char *text)
{
	char link[64], path[KES_WINDOW + 128];
	struct stat a, b;

	snprintf(link, sizeof(link), "/proc/%d/%s", (int)pid, name);
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, text);
	return stat(link, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static void strip_deleted(pid_t pid, const char *name, char *text)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(text);

	if (len > sizeof(mark) - 1 && strcmp(text + len - (sizeof(mark) - 1), mark) == 0 &&
	    !is_real_name(pid, name, text))
		text[len - (sizeof(mark) - 1)] = '\0';
}

/* Links show paths from our own root; the sensor's paths begin at the root of the process. */
static void strip_root(pid_t pid, char *text)
{
	char root[KES_WINDOW + 64];
	size_t len;

	if (read_link(pid, "root", root, sizeof(root)) < 0)
		return;
	len = strlen(root);
	if (len <= 1 || strncmp(text, root, len) != 0)
		return;
	if (text[len] == '/')
		memmove(text, text + len, strlen(text + len) + 1);
	else if (text[len] == '\0')
		strcpy(text, "/");
}

static int fill_link(struct inject_event *e, pid_t pid, const char *name, enum kes_buffer buffer)
{
	char text[KES_WINDOW + 64];
	int err = read_link(pid, name, text, sizeof(text));

	if (err == -ESRCH)
		return err;
	if (err < 0) {
		add_string(e, buffer, "", 0, KES_STR_ERROR);
		return 0;
	}
	strip_deleted(pid, name, text);
	strip_root(pid, text);
	add_string(e, buffer, text, strlen(text), 0);
	return 0;
}

/*
 * A process may have rewritten its arguments, so that the last one has no NUL: it gets one, as
 * every argument of a record that was not cut has.
 */
static int fill_args(struct inject_event *e, pid_t pid)
{
	char path[64], chunk[KES_WINDOW + 1];
	autoclose int fd = -1;
	char window[KES_WINDOW + 1];
	size_t total = 0;
	char last = '\0';
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (total < CMDLINE_MAX && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		for (ssize_t i = 0; i < n; i++, total++) {
			last = chunk[i];
			e->ev.args_count += last == '\0';
			if (total < sizeof(window))
				window[total] = last;
		}
	}
	if (n < 0)
		return -errno;
	if (last != '\0') {
		e->ev.args_count++;
		if (total < sizeof(window))
			window[total] = '\0';
		total++;
	}
	add_string(e, KES_BUF_ARGS, window, total < sizeof(window) ? total : sizeof(window), 0);
	return 0;
}

int procfs_fill(struct inject_event *out, pid_t pid, int kernel_thread)
{
	int err;

	if (!kernel_thread) {
		err = fill_link(out, pid, "exe", KES_BUF_EXE);
		if (err)
			return err;
		err = fill_args(out, pid);
		if (err == -ESRCH)
			return err;
		if (err)
			add_string(out, KES_BUF_ARGS, "", 0, KES_STR_ERROR);
	}
	return fill_link(out, pid, "cwd", KES_BUF_CWD);
}
