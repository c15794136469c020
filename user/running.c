// SPDX-License-Identifier: Apache-2.0
/*
 * running.c - see running.h.
 *
 * in:         the task iterator for exact identity, /proc for strings
 * out:        records in `procs`, and whatever the generated exec programs keep
 * invariants: parents are judged before their children; a record written by a live event is never
 *             overwritten, and what was judged here is judged again when a live exec came between
 * bounds:     PASSES_MAX looks at the list of processes: a fork bomb cannot hold up the start. Who
 *             is missed has no record, and its events are MAYBE
 */
#include "running.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../compiler/err.h"
#include "../compiler/schema.h"
#include "explain_error.h"
#include "log.h"
#include "procfs.h"
#include "skel/inject.skel.h"

#define PASSES_MAX 8
#define TRIES_MAX  8 /* of one process that calls exec while it is judged */

struct task_list {
	struct inject_task *v;
	size_t nr, cap;
};

struct running {
	struct inject *skel;
	struct bpf_object *programs; /* the exec programs for BPF_PROG_TEST_RUN; NULL: none */
	struct inject_event *event;
	struct task_list added; /* who got a record here */
	int procs_fd;
	int pbits_fd; /* -1: the ruleset keeps none */
};

static void task_list_fini(struct task_list *l)
{
	free(l->v);
	*l = (struct task_list){ 0 };
}

static int task_list_reserve(struct task_list *l, size_t nr)
{
	struct inject_task *v;

	if (nr <= l->cap)
		return 0;
	v = reallocarray(l->v, nr * 2, sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->v = v;
	l->cap = nr * 2;
	return 0;
}

void running_free(struct running *r)
{
	if (!r)
		return;
	bpf_object__close(r->programs);
	inject__destroy(r->skel);
	task_list_fini(&r->added);
	free(r->event);
	free(r);
}

void running_freep(struct running **r)
{
	running_free(*r);
}

/* Share a map of another object, if both have it. */
static int share_map(struct bpf_object *obj, const char *name, const struct bpf_map *from)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	return map && from ? bpf_map__reuse_fd(map, bpf_map__fd(from)) : 0;
}

static int load_inject(struct running *r, struct bpf_object *sensor)
{
	static const char *const shared[] = { "slots", "lost" };
	int err = 0;

	r->skel = inject__open();
	if (!r->skel)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(shared) && !err; i++)
		err = share_map(r->skel->obj, shared[i],
				bpf_object__find_map_by_name(sensor, shared[i]));
	return err ? err : inject__load(r->skel);
}

/* The copies use the ruleset's maps, but call each other by the injector's array. */
static int share_ruleset_maps(struct running *r, struct bpf_object *ruleset)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, r->programs) {
		const char *name = bpf_map__name(map);

		if (strcmp(name, "tail_exec") == 0)
			err = bpf_map__reuse_fd(map, bpf_map__fd(r->skel->maps.tail_inject));
		else
			err = share_map(r->programs, name,
					bpf_object__find_map_by_name(ruleset, name));
		if (err)
			break;
	}
	return err;
}

static struct bpf_program *find_stage(struct bpf_object *obj, enum kes_event_id event, uint32_t n)
{
	char name[64];

	snprintf(name, sizeof(name), OBJECT_PROG_FMT, event_kinds[event].short_name, n);
	return bpf_object__find_program_by_name(obj, name);
}

static int prepare_programs(struct bpf_object *obj, uint32_t nr)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, obj)
		bpf_program__set_autoload(p, false);
	for (uint32_t i = 0; i < nr; i++) {
		p = find_stage(obj, KES_EXEC, i);
		if (!p)
			return -EINVAL;
		bpf_program__set_autoload(p, true);
		bpf_program__set_type(p, BPF_PROG_TYPE_RAW_TRACEPOINT);
	}
	return 0;
}

static int insert_program(struct running *r, uint32_t index, const struct bpf_program *p)
{
	int fd = bpf_program__fd(p);

	return bpf_map_update_elem(bpf_map__fd(r->skel->maps.tail_inject), &index, &fd, BPF_ANY)
		       ? -errno
		       : 0;
}

static int insert_programs(struct running *r, uint32_t nr)
{
	int err = insert_program(r, KES_TAIL_FINISH, r->skel->progs.inject_finish);

	for (uint32_t i = 0; i < nr && !err; i++)
		err = insert_program(r, KES_TAIL_DECIDE + i, find_stage(r->programs, KES_EXEC, i));
	return err;
}

static int load_programs(struct running *r, const struct running_options *opt)
{
	LIBBPF_OPTS(bpf_object_open_opts, open_opts, .object_name = "kestrel_inject");
	uint32_t nr = opt->info->hooks[KES_EXEC].nr_programs;
	autoptr(verifier_logs) logs = NULL;
	int err;

	if (!nr)
		return 0;
	r->programs = bpf_object__open_mem(opt->image, opt->len, &open_opts);
	if (!r->programs)
		return -errno;
	logs = verifier_logs_new(r->programs);
	if (!logs)
		return -ENOMEM;
	err = prepare_programs(r->programs, nr);
	if (!err)
		err = share_ruleset_maps(r, opt->ruleset);
	if (err)
		return err;
	err = bpf_object__load(r->programs);
	if (err) {
		verifier_logs_explain(logs, r->programs, "ruleset", err);
		return err;
	}
	return insert_programs(r, nr);
}

int running_new(struct running **out, const struct running_options *opt)
{
	const struct bpf_map *pbits = bpf_object__find_map_by_name(opt->ruleset, "k_pbits");
	autoptr(running) r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->procs_fd = bpf_object__find_map_fd_by_name(opt->sensor, "procs");
	r->pbits_fd = pbits ? bpf_map__fd(pbits) : -1;
	r->event = calloc(1, sizeof(*r->event));
	if (!r->event)
		return -ENOMEM;
	err = load_inject(r, opt->sensor);
	if (!err)
		err = load_programs(r, opt);
	if (err) {
		log_error("cannot prepare the judging of running processes: %s", strerror(-err));
		explain_error(err);
		return err;
	}
	*out = TAKE(r);
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct inject_task *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int read_all(int fd, struct task_list *l)
{
	size_t bytes = 0;
	ssize_t n;

	do {
		if (task_list_reserve(l, bytes / sizeof(*l->v) + 512))
			return -ENOMEM;
		n = read(fd, (char *)l->v + bytes, l->cap * sizeof(*l->v) - bytes);
		if (n < 0)
			return -errno;
		bytes += (size_t)n;
	} while (n > 0);
	l->nr = bytes / sizeof(*l->v);
	return 0;
}

/* Every process, by start time: a parent or subreaper is always older than its children. */
static int list_tasks(struct running *r, struct task_list *l)
{
	struct bpf_link *link = bpf_program__attach_iter(r->skel->progs.list_tasks, NULL);
	autoclose int fd = -1;
	int err;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? fd : read_all(fd, l);
	bpf_link__destroy(link);
	if (!err)
		qsort(l->v, l->nr, sizeof(*l->v), by_start);
	return err;
}

static uint64_t boottime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The record that an exec of this process would make now. */
static int make_event(struct running *r, const struct inject_task *t)
{
	struct kes_event *ev = &r->event->ev;

	memset(ev, 0, sizeof(*ev));
	ev->version = KES_WIRE_VERSION;
	ev->event = KES_EXEC;
	ev->ktime_ns = boottime_ns();
	ev->pid = ev->image_pid = t->pid;
	ev->tid = (uint32_t)t->pid;
	ev->start_ns = t->start_ns;
	ev->ppid = t->ppid;
	ev->parent_start_ns = t->parent_start_ns;
	ev->uid = t->uid;
	ev->gid = t->gid;
	memcpy(ev->comm, t->comm, sizeof(ev->comm));
	return procfs_fill(r->event, (pid_t)t->pid, (t->flags & INJECT_KTHREAD) != 0);
}

static int judge_event(struct running *r)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	uint32_t zero = 0;
	struct kes_event result;
	int err;

	if (!r->programs)
		return 0;
	if (bpf_map_update_elem(bpf_map__fd(r->skel->maps.inject_event), &zero, r->event, BPF_ANY))
		return -errno;
	err = bpf_prog_test_run_opts(bpf_program__fd(r->skel->progs.inject), &run);
	if (err)
		return err;
	if (bpf_map_lookup_elem(bpf_map__fd(r->skel->maps.inject_result), &zero, &result))
		return -errno;
	return result.version == KES_WIRE_VERSION ? 0 : -EIO;
}

static void copy_string(struct kes_str *to, char *space, size_t cap, const struct inject_event *e,
			enum kes_buffer buffer)
{
	const struct kes_str *from = &e->ev.str[buffer];

	*to = (struct kes_str){ .len = from->len, .flags = from->flags };
	if (to->len > cap) {
		to->len = (uint16_t)cap;
		to->flags |= KES_STR_TRUNC;
	}
	memcpy(space, e->buf + from->off, to->len);
}

static void make_record(struct kes_proc *p, const struct inject_event *e)
{
	memset(p, 0, sizeof(*p));
	p->start_ns = e->ev.start_ns;
	p->ppid = e->ev.ppid;
	p->parent_start_ns = e->ev.parent_start_ns;
	p->args_count = e->ev.args_count;
	copy_string(&p->exe, p->exe_buf, sizeof(p->exe_buf), e, KES_BUF_EXE);
	copy_string(&p->args, p->args_buf, sizeof(p->args_buf), e, KES_BUF_ARGS);
}

static int remember_added(struct running *r, const struct inject_task *t)
{
	int err = task_list_reserve(&r->added, r->added.nr + 1);

	if (!err)
		r->added.v[r->added.nr++] = *t;
	return err;
}

/*
 * Judge first, record second: a child forked in between inherits the answers, has no record yet
 * and is judged itself in the next pass. When the record turns out to be there already, a live exec
 * came between: what was judged here may be the old program, so judge again until no exec did.
 */
static int judge_task(struct running *r, const struct inject_task *t)
{
	uint32_t key = (uint32_t)t->pid;
	struct kes_proc p, live;
	uint64_t exec_ns = 0;
	int err;

	for (int try = 0; try < TRIES_MAX; try++) {
		err = make_event(r, t);
		if (err == -ESRCH)
			return 0;
		err = err ? err : judge_event(r);
		if (err)
			return err;
		make_record(&p, r->event);
		if (!bpf_map_update_elem(r->procs_fd, &key, &p, BPF_NOEXIST))
			return remember_added(r, t);
		if (errno == E2BIG)
			return -E2BIG;
		if (bpf_map_lookup_elem(r->procs_fd, &key, &live) || live.exec_ns == exec_ns)
			return 0;
		exec_ns = live.exec_ns;
	}
	return 0;
}

static bool has_record(const struct running *r, const struct inject_task *t)
{
	uint32_t key = (uint32_t)t->pid;
	struct kes_proc p;

	return bpf_map_lookup_elem(r->procs_fd, &key, &p) == 0;
}

/* Returns how many processes had no record, or a negative errno. */
static int judge_tasks(struct running *r, const struct task_list *l)
{
	int nr = 0;

	for (size_t i = 0; i < l->nr; i++) {
		int err;

		if (has_record(r, &l->v[i]))
			continue;
		err = judge_task(r, &l->v[i]);
		if (err == -E2BIG) {
			log_warn("more than %d processes are running: events of the others are "
				 "left to user space",
				 KES_NR_PROCS);
			return 0;
		}
		if (err)
			return err;
		nr++;
	}
	return nr;
}

/*
 * A process that ended between the list and its record had its exit event before the record was
 * there to be removed.
 */
static void forget_ended(struct running *r, const struct task_list *now)
{
	for (size_t i = 0; i < r->added.nr; i++) {
		const struct inject_task *t = &r->added.v[i];
		uint32_t key = (uint32_t)t->pid;
		struct kes_proc p;

		if (bsearch(t, now->v, now->nr, sizeof(*t), by_start))
			continue;
		if (bpf_map_lookup_elem(r->procs_fd, &key, &p) || p.start_ns != t->start_ns)
			continue;
		bpf_map_delete_elem(r->procs_fd, &key);
		if (r->pbits_fd >= 0)
			bpf_map_delete_elem(r->pbits_fd, &key);
	}
}

int running_judge(struct running *r)
{
	struct task_list now = { 0 };
	int nr = 1, err = 0;

	for (int pass = 0; pass < PASSES_MAX && nr > 0 && !err; pass++) {
		err = list_tasks(r, &now);
		nr = err ? err : judge_tasks(r, &now);
		err = nr < 0 ? nr : 0;
	}
	if (!err)
		forget_ended(r, &now);
	else
		log_error("cannot judge running processes: %s", strerror(-err));
	log_debug("%zu running processes judged", r->added.nr);
	task_list_fini(&now);
	return err;
}

int running_self(void)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct inject *skel = inject__open();
	int err = skel ? 0 : -errno;
	struct bpf_program *p;
	struct bpf_map *map;

	if (err)
		return err;
	bpf_object__for_each_program(p, skel->obj)
		bpf_program__set_autoload(p, p == skel->progs.whoami);
	bpf_object__for_each_map(map, skel->obj)
		bpf_map__set_autocreate(map, false);
	err = inject__load(skel);
	if (!err)
		err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.whoami), &run);
	inject__destroy(skel);
	return err ? err : (int)run.retval;
}
