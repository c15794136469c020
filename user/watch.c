// SPDX-License-Identifier: Apache-2.0
/*
 * watch.c - see watch.h.
 *
 * in:         a ruleset object; the ring; signals
 * out:        alerts on standard output, messages and the summary on standard error
 * invariants: one epoll set, whose entries say by number what to do; a failed write of an alert
 *             ends the watch, since nobody would hear the next one; a loss is told while it goes
 *             on and again at the end
 * bounds:     the final drain takes DRAIN_MS at most
 */
#include "watch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "../compiler/err.h"
#include "clocks.h"
#include "cmd.h"
#include "log.h"

#define LOSS_CHECK_S 5 /* reading the counters of all CPUs is not free */
#define DRAIN_MS     1000
#define NS_PER_MS    1000000LL

enum wake { WAKE_RING, WAKE_SIGNAL, WAKE_TICK, WAKE_END, NR_WAKES };

struct watch {
	const struct object_info *info;
	const struct watch_options *opt;
	struct proctable *procs;
	struct engine *engine;
	struct deployment *deployment;
	struct output output;
	struct account told; /* as of the last report of losses */
	uint64_t told_damaged;
	uint64_t received;
	int64_t begin_ns;
	int epoll_fd, signal_fd, tick_fd, end_fd;
	bool stop;
	int code;
};

static void fail(struct watch *w, const char *what, int err)
{
	log_error("cannot %s: %s", what, strerror(-err));
	w->code = EXIT_FAILED;
	w->stop = true;
}

static void on_alert(void *arg, const struct alert *a)
{
	struct watch *w = arg;

	output_alert(&w->output, a);
}

static void on_record(void *arg, const void *data, size_t size)
{
	struct watch *w = arg;

	w->received++;
	engine_record(w->engine, data, size); /* what it refuses, it counts: see report_damage() */
}

static void check_output(struct watch *w)
{
	if (w->output.err && w->code == EXIT_OK)
		fail(w, "write alerts to standard output", w->output.err);
}

static void take_records(struct watch *w)
{
	int n = deployment_poll(w->deployment, 0, on_record, w);

	check_output(w);
	if (n < 0 && n != -EINTR && n != -EAGAIN)
		fail(w, "read the ring buffer", n);
}

static int read_account(const struct watch *w, struct account *out)
{
	int err = deployment_counters(w->deployment, out->v);

	return err ? err : deployment_recursion_misses(w->deployment, out->recursion);
}

/* "kestrel: warning: events dropped: 12 (file.open dropped_ring 12)" */
static void log_losses(const struct account *losses, uint64_t dropped)
{
	autofree char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f) {
		account_print_losses(f, losses);
		fclose(f);
	}
	log_warn("events dropped: %" PRIu64 " (%s)", dropped, text ? text : "");
}

static void report_losses(struct watch *w, const struct account *now)
{
	struct account grown;
	struct tally t;

	account_delta(now, &w->told, &grown);
	account_tally(&grown, &t);
	w->told = *now;
	if (t.dropped == 0)
		return;
	log_losses(&grown, t.dropped);
	output_loss(&w->output, &grown, clocks_wall_ns());
	check_output(w);
}

static void report_damage(struct watch *w)
{
	const struct engine_counters *c = engine_counters(w->engine);
	const uint64_t damaged = c->damaged + c->bad_hits + c->lost;

	if (damaged == w->told_damaged)
		return;
	log_error("records from the kernel that make no sense: %" PRIu64 " damaged, %" PRIu64
		  " with unknown predicates, %" PRIu64 " for want of memory",
		  c->damaged, c->bad_hits, c->lost);
	w->told_damaged = damaged;
}

static void on_tick(struct watch *w)
{
	struct account now;
	uint64_t expirations;
	int err;

	if (read(w->tick_fd, &expirations, sizeof(expirations)) < 0)
		return;
	take_records(w); /* whatever became of a wake-up */
	report_damage(w);
	err = read_account(w, &now);
	if (err)
		fail(w, "read the counters of events", err);
	else
		report_losses(w, &now);
}

static void on_signal(struct watch *w)
{
	struct signalfd_siginfo info;

	if (read(w->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		log_warn("SIGHUP ignored: this version cannot reload rules; restart it instead");
		return;
	}
	log_info("stopping: %s", info.ssi_signo == SIGINT ? "interrupted" : "terminated");
	w->stop = true;
}

static void handle(struct watch *w, enum wake wake)
{
	switch (wake) {
	case WAKE_RING:
		take_records(w);
		break;
	case WAKE_SIGNAL:
		on_signal(w);
		break;
	case WAKE_TICK:
		on_tick(w);
		break;
	case WAKE_END:
		log_info("stopping: the time is over");
		w->stop = true;
		break;
	case NR_WAKES:
		break;
	}
}

static void loop(struct watch *w)
{
	while (!w->stop) {
		struct epoll_event events[NR_WAKES];
		int n = epoll_wait(w->epoll_fd, events, NR_WAKES, -1);

		if (n < 0 && errno != EINTR)
			fail(w, "wait for events", -errno);
		for (int i = 0; i < n && !w->stop; i++)
			handle(w, (enum wake)events[i].data.u32);
	}
}

static int add_source(struct watch *w, int fd, enum wake wake)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = wake };

	if (fd < 0)
		return -errno;
	return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int timer_fd(uint32_t first_s, uint32_t interval_s)
{
	const struct itimerspec when = {
		.it_value.tv_sec = first_s,
		.it_interval.tv_sec = interval_s,
	};
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		timerfd_settime(fd, 0, &when, NULL);
	return fd;
}

/* From here on the signals come through signal_fd, and a closed pipe is an error of write(). */
static int take_signals(struct watch *w)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	w->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return w->signal_fd < 0 ? -errno : 0;
}

static int open_sources(struct watch *w)
{
	int err = 0;

	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll_fd < 0)
		return -errno;
	w->tick_fd = timer_fd(LOSS_CHECK_S, LOSS_CHECK_S);
	err = add_source(w, w->signal_fd, WAKE_SIGNAL);
	err = err ? err : add_source(w, w->tick_fd, WAKE_TICK);
	err = err ? err : add_source(w, deployment_poll_fd(w->deployment), WAKE_RING);
	if (err || w->opt->duration_s == 0)
		return err;
	w->end_fd = timer_fd(w->opt->duration_s, 0);
	return add_source(w, w->end_fd, WAKE_END);
}

/* "process.exec, file.open": the hooks that the rules need. */
static void log_hooks(const struct object_info *info)
{
	char text[512] = "";
	size_t n = 0;

	for (int i = 0; i < KES_NR_EVENTS && n < sizeof(text); i++) {
		if (info->hooks[i].nr_programs > 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? ", " : "",
					      event_kinds[i].name);
	}
	log_info("eBPF programs attached, judging: %s", n > 0 ? text : "nothing");
}

/* It holds the pid, for who wants to stop what it waited for. */
static int make_ready_file(const char *path)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd < 0 || dprintf(fd, "%d\n", getpid()) < 0 ? -errno : 0;
}

static void announce(struct watch *w)
{
	int err = 0;

	log_info("rules loaded: %zu (%s)", w->info->rules.nr, w->opt->rules_name);
	log_hooks(w->info);
	log_info("ringbuf is being read; watching");
	if (w->opt->ready_file)
		err = make_ready_file(w->opt->ready_file);
	if (err) {
		log_error("cannot create %s: %s", w->opt->ready_file, strerror(-err));
		w->code = EXIT_FAILED;
		w->stop = true;
	}
}

/* Everything that was in the ring when the end came: other programs go on filling it. */
static void drain(struct watch *w)
{
	const int64_t deadline_ns = clocks_boot_ns() + DRAIN_MS * NS_PER_MS;
	struct account a;
	struct tally t = { 0 };

	if (read_account(w, &a) == 0)
		account_tally(&a, &t);
	while (!w->output.err && w->received < t.emitted && clocks_boot_ns() < deadline_ns) {
		int n = deployment_poll(w->deployment, 10, on_record, w);

		if (n < 0 && n != -EINTR && n != -EAGAIN)
			break;
	}
	check_output(w);
}

static void print_summary(struct watch *w)
{
	const int64_t elapsed_ns = clocks_boot_ns() - w->begin_ns;
	struct account a;
	struct tally t;
	int err = read_account(w, &a);

	if (err) {
		fail(w, "read the counters of events", err);
		return;
	}
	report_damage(w);
	report_losses(w, &a);
	account_tally(&a, &t);
	log_info("events received: %" PRIu64 " (%.0f events per second were seen)", w->received,
		 (double)t.seen * NS_PER_SECOND / (double)(elapsed_ns > 0 ? elapsed_ns : 1));
	fputs("kestrel: ", stderr);
	account_print_line(stderr, &a, engine_counters(w->engine)->alerts);
	if (!w->opt->summary)
		return;
	account_print_hooks(stderr, &a);
	account_print_rules(stderr, &w->info->rules, engine_rules(w->engine));
}

static int start(struct watch *w, const void *image, size_t len)
{
	const struct deploy_options options = { .verbose = log_level >= LOG_LEVEL_TRACE };
	int err = take_signals(w);

	if (err) {
		fail(w, "set up signals", err);
		return w->code;
	}
	w->procs = proctable_new(PROCTABLE_DEFAULT, "/proc");
	w->engine = engine_new(w->info, w->procs, on_alert, w);
	if (!w->procs || !w->engine) {
		fail(w, "start", -ENOMEM);
		return w->code;
	}
	err = deploy(&w->deployment, image, len, w->info, &options);
	if (err)
		return err == DEPLOY_UNSUPPORTED ? EXIT_UNSUPPORTED : EXIT_FAILED;
	w->begin_ns = clocks_boot_ns();
	err = proctable_scan(w->procs);
	if (err < 0)
		log_warn("cannot list /proc: %s; ancestors in alerts may be missing",
			 strerror(-err));
	err = open_sources(w);
	if (err)
		fail(w, "set up the event loop", err);
	return w->code;
}

static void watch_fini(struct watch *w)
{
	const int fds[] = { w->epoll_fd, w->signal_fd, w->tick_fd, w->end_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	deployment_free(w->deployment);
	engine_free(w->engine);
	proctable_free(w->procs);
}

int watch(const void *image, size_t len, const struct object_info *info,
	  const struct watch_options *opt)
{
	struct watch w = {
		.info = info,
		.opt = opt,
		.epoll_fd = -1,
		.signal_fd = -1,
		.tick_fd = -1,
		.end_fd = -1,
	};
	int code;

	output_open(&w.output, STDOUT_FILENO, opt->format, opt->colour);
	code = start(&w, image, len);
	if (code == EXIT_OK) {
		announce(&w);
		loop(&w);
		drain(&w);
		print_summary(&w);
		code = w.code;
	}
	watch_fini(&w);
	return code;
}
