// SPDX-License-Identifier: Apache-2.0
/*
 * init.c - PID 1 of the test VM: sets a small system up, runs one command, reports its status.
 *
 * In:   /.vmtest/command: NUL-terminated strings, first the working directory, then the
 *       command's arguments; /.vmtest/late/{tmp,run}: files for the two folders which are
 *       mounted over; the kernel argument vmtest_settle=SECONDS: how long to wait first.
 * Out:  the command's stdout and stderr on ttyS1, raw; one line of status each on I/O port 0xe9
 *       (QEMU's isa-debugcon): "ready" before the command starts, then "exit N", or "fail WHY" if
 *       there was nothing to run.  The kernel log has ttyS0 to itself.
 *
 * Invariants: the status needs no driver and no interrupt, so it gets out of a sick kernel; "exit"
 * follows the last byte of output; PID 1 powers the VM off whatever happens.
 *
 * Bounds: a command of COMMAND_BYTES and COMMAND_WORDS.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define STATUS_PORT   0xe9
#define OUTPUT_TTY    "/dev/ttyS1"
#define COMMAND_FILE  "/.vmtest/command"
#define COMMAND_BYTES (256 * 1024)
#define COMMAND_WORDS 4096

struct mount_point {
	const char *type;
	const char *path;
	const char *options;
	bool optional; /* the kernel may be built without it */
};

static const struct mount_point mount_points[] = {
	{ "proc", "/proc", NULL, false },
	{ "sysfs", "/sys", NULL, false },
	{ "devtmpfs", "/dev", NULL, false },
	{ "devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", false },
	{ "tmpfs", "/dev/shm", "mode=1777", false },
	{ "tmpfs", "/tmp", "mode=1777", false },
	{ "tmpfs", "/run", "mode=755", false },
	{ "cgroup2", "/sys/fs/cgroup", NULL, false },
	{ "bpf", "/sys/fs/bpf", "mode=700", false },
	{ "tracefs", "/sys/kernel/tracing", NULL, false },
	{ "debugfs", "/sys/kernel/debug", NULL, true },
	{ "securityfs", "/sys/kernel/security", NULL, true },
};

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"USER=root",
	"SHELL=/bin/sh",
	"TERM=xterm-256color",
	"LANG=C.UTF-8",
	NULL,
};

struct command {
	char text[COMMAND_BYTES + 1];
	char *words[COMMAND_WORDS + 1];
};

/* words[0] is the working directory, the rest argv. */
static struct command command;

static void status_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void status_line(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (const char *c = line; *c; c++)
		outb((unsigned char)*c, STATUS_PORT);
	outb('\n', STATUS_PORT);
}

/* QEMU runs with -no-reboot: where there is no power switch, a restart ends the VM as well. */
static _Noreturn void power_off(void)
{
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static _Noreturn void fail(const char *format, ...)
{
	char why[192];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	status_line("fail %s", why);
	power_off();
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mount_points) / sizeof(mount_points[0]); i++) {
		const struct mount_point *m = &mount_points[i];

		mkdir(m->path, 0755);
		if (mount(m->type, m->path, m->type, 0, m->options) && !m->optional)
			fail("cannot mount %s at %s: %s", m->type, m->path, strerror(errno));
	}
}

static void link_dev(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			fail("cannot make %s: %s", links[i][1], strerror(errno));
}

/* The kernel gives lo its addresses when it goes up. */
static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		fail("cannot bring lo up: %s", strerror(errno));
	close(fd);
}

/* Runs a program of the image to its end; true if it succeeded. */
static bool run_helper(const char *const argv[])
{
	int wait_status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &wait_status, 0) == pid && wait_status == 0;
}

/* Files for /tmp and /run could not be unpacked before something was mounted there. */
static void copy_late_files(void)
{
	static const char *const copy[] = {
		"/bin/busybox", "cp", "-a", "/.vmtest/late/.", "/", NULL
	};

	if (access("/.vmtest/late", F_OK) == 0 && !run_helper(copy))
		fail("cannot copy files to /tmp and /run: too little memory?");
}

/* No program of the command's may find the harness among its files. */
static void remove_traces(void)
{
	static const char *const remove[] = {
		"/bin/busybox", "rm", "-rf", "/.vmtest", "/init", NULL
	};

	run_helper(remove);
}

static void read_command(void)
{
	int fd = open(COMMAND_FILE, O_RDONLY | O_CLOEXEC);
	size_t length = 0, nr_words = 0;
	ssize_t n = 0;

	if (fd < 0)
		fail("cannot open %s: %s", COMMAND_FILE, strerror(errno));
	while (length < COMMAND_BYTES &&
	       (n = read(fd, command.text + length, COMMAND_BYTES - length)) > 0)
		length += (size_t)n;
	close(fd);
	if (n < 0 || length == COMMAND_BYTES)
		fail("cannot read %s: too long or unreadable", COMMAND_FILE);
	for (size_t at = 0; at < length; at += strlen(command.text + at) + 1) {
		if (nr_words == COMMAND_WORDS)
			fail("cannot run a command of more than %d words", COMMAND_WORDS);
		command.words[nr_words++] = command.text + at;
	}
	if (nr_words < 2)
		fail("cannot run an empty command");
}

/* The kernel turns the arguments it does not know into init's environment. */
static void settle(void)
{
	const char *seconds = getenv("vmtest_settle");

	if (seconds)
		sleep((unsigned int)atoi(seconds));
}

/* Raw: a newline stays one byte, and nothing is echoed. */
static int open_output(void)
{
	struct termios mode;
	int fd = open(OUTPUT_TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &mode))
		fail("cannot open %s: %s", OUTPUT_TTY, strerror(errno));
	cfmakeraw(&mode);
	mode.c_cflag |= CLOCAL;
	cfsetspeed(&mode, B115200);
	if (tcsetattr(fd, TCSANOW, &mode))
		fail("cannot make %s raw: %s", OUTPUT_TTY, strerror(errno));
	return fd;
}

/* What a shell would answer for a command that cannot be started: 127 not found, 126 otherwise. */
static _Noreturn void exec_command(int output)
{
	int null = open("/dev/null", O_RDONLY);
	int error;

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	if (chdir(command.words[0]) && chdir("/"))
		_exit(126);
	execvpe(command.words[1], &command.words[1], (char *const *)environment);
	error = errno;
	dprintf(STDERR_FILENO, "vmtest: cannot run %s: %s\n", command.words[1], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

/* Reaps whatever ends until the command itself does. */
static int wait_for(pid_t pid)
{
	for (;;) {
		int wait_status;
		pid_t ended = wait(&wait_status);

		if (ended < 0 && errno != EINTR)
			fail("cannot wait for the command: %s", strerror(errno));
		if (ended != pid)
			continue;
		return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
						: WEXITSTATUS(wait_status);
	}
}

int main(void)
{
	pid_t pid;
	int output, exit_status;

	if (ioperm(STATUS_PORT, 1, 1))
		power_off();
	mount_all();
	link_dev();
	raise_loopback();
	sethostname("vmtest", strlen("vmtest"));
	/* execvpe() searches init's own PATH, not the one it hands on. */
	if (setenv("PATH", environment[0] + strlen("PATH="), 1))
		fail("cannot set PATH: %s", strerror(errno));
	copy_late_files();
	read_command();
	remove_traces();
	output = open_output();
	settle();

	status_line("ready");
	pid = fork();
	if (pid == 0)
		exec_command(output);
	if (pid < 0)
		fail("cannot fork: %s", strerror(errno));
	exit_status = wait_for(pid);

	/* What the command left running may not write after its end. */
	kill(-1, SIGKILL);
	tcdrain(output);
	status_line("exit %d", exit_status);
	sync();
	power_off();
}
