// SPDX-License-Identifier: Apache-2.0
/*
 * proctable.c - see proctable.h: a hash by pid over a fixed array, with a list by last use.
 *
 * in:         decoded events; /proc for who started before or was never an event's subject
 * out:        the chain of ancestors
 * invariants: every used entry is on one hash chain and on the list; entry 0 is the list's head
 *             and no process; one (pid, start) is there once
 * bounds:     cap entries of at most PROCTABLE_EXE_MAX + PROCTABLE_COMMAND_MAX bytes of text
 *
 * A process is (pid, start). Starts are compared in clock ticks, the unit of /proc: a pid that is
 * reused within one tick would be taken for its predecessor, in a description only.
 */
#include "proctable.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../compiler/err.h"
#include "clocks.h"

struct entry {
	struct process p;
	bool lineage_known;    /* p.ppid is what it was at the first sight, 0 included */
	uint32_t next;         /* on the hash chain, 0 ends it */
	uint32_t older, newer; /* by last use; circular through entry 0 */
};

struct proctable {
	struct entry *v;   /* cap + 1 */
	uint32_t *buckets; /* nr_buckets, a power of two */
	size_t cap, nr, nr_buckets;
	int proc_fd;
	int64_t ns_per_tick;
	struct proctable_stats stats;
};

struct proctable *proctable_new(size_t cap, const char *proc_root)
{
	struct proctable *t = calloc(1, sizeof(*t));
	long ticks = sysconf(_SC_CLK_TCK);

	if (!t)
		return NULL;
	t->cap = cap < PROCTABLE_MIN ? PROCTABLE_MIN : cap;
	for (t->nr_buckets = PROCTABLE_MIN; t->nr_buckets < t->cap; t->nr_buckets *= 2)
		;
	t->ns_per_tick = NS_PER_SECOND / (ticks > 0 ? ticks : 100);
	t->proc_fd = open(proc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t->v = calloc(t->cap + 1, sizeof(*t->v));
	t->buckets = calloc(t->nr_buckets, sizeof(*t->buckets));
	if (!t->v || !t->buckets) {
		proctable_free(t);
		return NULL;
	}
	return t;
}

void proctable_free(struct proctable *t)
{
	if (!t)
		return;
	for (size_t i = 1; t->v && i <= t->nr; i++) {
		free(t->v[i].p.executable);
		free(t->v[i].p.command_line);
	}
	if (t->proc_fd >= 0)
		close(t->proc_fd);
	free(t->v);
	free(t->buckets);
	free(t);
}

void proctable_freep(struct proctable **t)
{
	proctable_free(*t);
}

static uint32_t *bucket(const struct proctable *t, int64_t pid)
{
	const uint64_t mixed = (uint64_t)pid * 0x9e3779b97f4a7c15ULL;

	return &t->buckets[(mixed >> 32) & (t->nr_buckets - 1)];
}

static void unlink_use(struct proctable *t, uint32_t i)
{
	struct entry *e = &t->v[i];

	t->v[e->older].newer = e->newer;
	t->v[e->newer].older = e->older;
}

/* Most recently used: the head's older neighbour. */
static void link_use(struct proctable *t, uint32_t i)
{
	struct entry *e = &t->v[i];

	e->newer = 0;
	e->older = t->v[0].older;
	t->v[e->older].newer = i;
	t->v[0].older = i;
}

static void unlink_hash(struct proctable *t, uint32_t i)
{
	uint32_t *at = bucket(t, t->v[i].p.pid);

	while (*at != i)
		at = &t->v[*at].next;
	*at = t->v[i].next;
}

static bool same_start(const struct proctable *t, int64_t a, int64_t b)
{
	return a == 0 || b == 0 || a / t->ns_per_tick == b / t->ns_per_tick;
}

static struct entry *find(struct proctable *t, int64_t pid, int64_t start_ns)
{
	for (uint32_t i = *bucket(t, pid); i; i = t->v[i].next) {
		struct entry *e = &t->v[i];

		if (e->p.pid != pid || !same_start(t, e->p.start_ns, start_ns))
			continue;
		unlink_use(t, i);
		link_use(t, i);
		return e;
	}
	return NULL;
}

/* An entry to use anew: a fresh one, or the one not used for longest. */
static uint32_t take_entry(struct proctable *t)
{
	uint32_t i;

	if (t->nr < t->cap)
		return (uint32_t)++t->nr;
	i = t->v[0].newer;
	unlink_use(t, i);
	unlink_hash(t, i);
	free(t->v[i].p.executable);
	free(t->v[i].p.command_line);
	t->stats.evicted++;
	return i;
}

static struct entry *find_or_add(struct proctable *t, int64_t pid, int64_t start_ns)
{
	struct entry *e = find(t, pid, start_ns);
	uint32_t i;

	if (e)
		return e;
	i = take_entry(t);
	e = &t->v[i];
	*e = (struct entry){ .p = { .pid = pid }, .next = *bucket(t, pid) };
	*bucket(t, pid) = i;
	link_use(t, i);
	return e;
}

static void set_start(struct entry *e, int64_t start_ns, bool exact)
{
	if (start_ns <= 0 || (e->p.start_exact && !exact))
		return;
	e->p.start_ns = start_ns;
	e->p.start_exact = exact;
}

/* The first sight counts: who outlives its parent is given another one. */
static void set_lineage(struct entry *e, int64_t ppid, int64_t parent_start_ns)
{
	if (e->lineage_known)
		return;
	e->p.ppid = ppid;
	e->p.parent_start_ns = parent_start_ns;
	e->lineage_known = true;
}

/* Out of memory leaves the text unknown: it only describes. */
static void set_text(char **to, size_t *to_len, const char *s, size_t len, size_t max)
{
	char *copy;

	if (len > max)
		len = max;
	copy = malloc(len + 1);
	if (!copy)
		return;
	memcpy(copy, s, len);
	copy[len] = '\0';
	free(*to);
	*to = copy;
	*to_len = len;
}

static void set_executable(struct entry *e, const char *s, size_t len)
{
	set_text(&e->p.executable, &e->p.executable_len, s, len, PROCTABLE_EXE_MAX);
}

static void set_command_line(struct entry *e, const char *s, size_t len)
{
	set_text(&e->p.command_line, &e->p.command_line_len, s, len, PROCTABLE_COMMAND_MAX);
}

static void learn_texts(struct entry *e, const struct value *executable,
			const struct value *command_line)
{
	if (executable->nr_strs > 0)
		set_executable(e, executable->strs[0].s, executable->strs[0].len);
	if (command_line->nr_strs > 0)
		set_command_line(e, command_line->strs[0].s, command_line->strs[0].len);
}

void proctable_learn(struct proctable *t, const struct event *event)
{
	const struct kes_event *ev = event->ev;
	const struct value *seen = event->seen;
	struct entry *e;

	if (ev->ppid > 0) {
		e = find_or_add(t, ev->ppid, ev->parent_start_ns);
		set_start(e, ev->parent_start_ns, true);
		learn_texts(e, &seen[FIELD_PARENT_EXECUTABLE], &seen[FIELD_PARENT_COMMAND_LINE]);
	}
	if (ev->pid > 0) {
		e = find_or_add(t, ev->pid, ev->start_ns);
		set_start(e, ev->start_ns, true);
		set_lineage(e, ev->ppid, ev->parent_start_ns);
		learn_texts(e, &seen[FIELD_PROCESS_EXECUTABLE], &seen[FIELD_PROCESS_COMMAND_LINE]);
	}
}

/* Bytes read of a small file below /proc/PID, or -1. */
static ssize_t read_proc(const struct proctable *t, int64_t pid, const char *name, char *out,
			 size_t cap)
{
	char path[64];
	autoclose int fd = -1;

	snprintf(path, sizeof(path), "%" PRId64 "/%s", pid, name);
	fd = openat(t->proc_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : read(fd, out, cap);
}

/* Field `number` of /proc/PID/stat, counted as proc(5) does; `s` points at field 3. */
static bool stat_field(const char *s, int number, int64_t *out)
{
	for (int i = 3; i < number; i++) {
		s = strchr(s, ' ');
		if (!s)
			return false;
		s++;
	}
	return sscanf(s, "%" SCNd64, out) == 1;
}

/* The name, field 2, is in parentheses and may hold anything, parentheses included. */
static bool parse_stat(const char *stat, int64_t *ppid, int64_t *start_ticks)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' && stat_field(end + 2, 4, ppid) &&
	       stat_field(end + 2, 22, start_ticks);
}

static void read_texts(const struct proctable *t, struct entry *e)
{
	char path[64], text[PROCTABLE_COMMAND_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%" PRId64 "/exe", e->p.pid);
	n = readlinkat(t->proc_fd, path, text, PROCTABLE_EXE_MAX);
	if (n > 0)
		set_executable(e, text, (size_t)n);
	n = read_proc(t, e->p.pid, "cmdline", text, sizeof(text));
	if (n > 0 && text[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		text[i] = text[i] ? text[i] : ' ';
	if (n > 0)
		set_command_line(e, text, (size_t)n);
}

/*
 * Refresh an entry from /proc, or add it. NULL: no such process, or its pid was reused.
 * Only candidates are learned as events, so an exec since then may not have been seen.
 */
static struct entry *read_process(struct proctable *t, int64_t pid, int64_t start_ns)
{
	char stat[1024];
	int64_t ppid, ticks;
	struct entry *e;
	ssize_t n;

	t->stats.proc_reads++;
	n = read_proc(t, pid, "stat", stat, sizeof(stat) - 1);
	if (n > 0)
		stat[n] = '\0';
	if (n <= 0 || !parse_stat(stat, &ppid, &ticks) || ticks > INT64_MAX / t->ns_per_tick ||
	    !same_start(t, ticks * t->ns_per_tick, start_ns)) {
		t->stats.proc_failures++;
		return NULL;
	}
	e = find_or_add(t, pid, ticks * t->ns_per_tick);
	set_start(e, ticks * t->ns_per_tick, false);
	set_lineage(e, ppid, 0);
	read_texts(t, e);
	return e;
}

static bool is_pid(const char *name)
{
	for (const char *c = name; *c; c++) {
		if (!isdigit((unsigned char)*c))
			return false;
	}
	return *name != '\0';
}

int proctable_scan(struct proctable *t)
{
	const struct dirent *d;
	int fd, nr = 0;
	DIR *dir;

	fd = t->proc_fd < 0 ? -1 : openat(t->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((d = readdir(dir)) != NULL) {
		if (is_pid(d->d_name))
			nr += read_process(t, strtoll(d->d_name, NULL, 10), 0) != NULL;
	}
	closedir(dir);
	return nr;
}

size_t proctable_ancestors(struct proctable *t, const struct event *event,
			   const struct process *out[PROCTABLE_ANCESTORS])
{
	int64_t pid = event->ev->ppid, start_ns = event->ev->parent_start_ns;
	size_t nr = 0;

	while (pid > 0 && nr < PROCTABLE_ANCESTORS) {
		struct entry *e = read_process(t, pid, start_ns);

		if (!e)
			e = find(t, pid, start_ns);
		if (!e)
			break;
		out[nr++] = &e->p;
		pid = e->p.ppid;
		start_ns = e->p.parent_start_ns;
	}
	return nr;
}

void proctable_stats(const struct proctable *t, struct proctable_stats *out)
{
	*out = t->stats;
	out->nr = t->nr;
}
