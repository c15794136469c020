// SPDX-License-Identifier: Apache-2.0
/*
 * deploy.c - see deploy.h.
 *
 * in:         a ruleset object (compiler/object.h), the sensor's skeleton
 * out:        attached hooks; records from the ring; counters
 * invariants: fork, exec and exit are always attached, also when no rule needs them: alerts of all
 *             hooks tell program and parent by them. A hook without generated programs has its
 *             own last stage in their place, which counts all its events as filtered
 *
 * Nothing is pinned: when this process ends, by whatever signal, the kernel takes all of it down.
 */
#include "deploy.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "../compiler/err.h"
#include "../compiler/schema.h"
#include "explain_error.h"
#include "log.h"
#include "running.h"
#include "skel/sensor.skel.h"

#define RING_BYTES_DEFAULT (8u * 1024 * 1024)
#define PROCESS_HOOKS      (1u << KES_FORK | 1u << KES_EXEC | 1u << KES_EXIT)

struct kernel_facts {
	/* sched_process_exit(task, group_dead), 6.16+. */
	bool exit_has_group_dead;
	/* Hash maps allocate elements safely in any context, 6.1+. */
	bool has_mem_alloc;
};

struct deployment {
	const struct object_info *info;
	struct kernel_facts kernel;
	struct sensor *sensor;
	struct bpf_object *ruleset;
	struct ring_buffer *ring;
	struct bpf_link *links[KES_NR_EVENTS]; /* of hook_X */
	struct bpf_link *again[KES_NR_EVENTS]; /* of again_X, NULL where it is not needed */
	int pbits_fd; /* the map k_pbits, shared by sensor and ruleset; -1: the ruleset has none */
	deployment_record_fn *record_fn; /* of the deployment_poll() that runs */
	void *record_arg;
};

static bool verbose;

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!verbose || (level == LIBBPF_DEBUG && log_level < LOG_LEVEL_TRACE))
		return 0;
	return vfprintf(stderr, fmt, ap);
}

/* Kernels before 5.11 charge BPF memory to this limit. Failing is no error yet on newer ones. */
static void raise_memlock(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &unlimited))
		log_debug("cannot raise the limit of locked memory: %s", strerror(errno));
}

static int check_kernel(void)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		return 0;
	log_error("cannot use this kernel: it has no /sys/kernel/btf/vmlinux: %s", strerror(errno));
	log_hint("Kestrel needs a kernel built with CONFIG_DEBUG_INFO_BTF=y, as Debian's have been "
		 "since 11; a container needs the host's /sys");
	return DEPLOY_UNSUPPORTED;
}

/* The type behind a typedef of a pointer, or NULL. */
static const struct btf_type *pointee_of_typedef(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	const struct btf_type *t = NULL;

	if (id > 0)
		t = btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type);
	return t && btf_is_ptr(t) ? btf__type_by_id(btf, t->type) : NULL;
}

static struct kernel_facts read_facts(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct kernel_facts f = { 0 };
	const struct btf_type *t;

	if (!btf)
		return f;
	/* A hidden first parameter comes on top of the tracepoint's own. */
	t = pointee_of_typedef(btf, "btf_trace_sched_process_exit");
	f.exit_has_group_dead = t && btf_is_func_proto(t) && btf_vlen(t) == 3;
	f.has_mem_alloc = btf__find_by_name_kind(btf, "bpf_mem_alloc", BTF_KIND_STRUCT) > 0;
	btf__free(btf);
	return f;
}

/*
 * Whether programs can be preempted (kern/twice.h). Not before 5.12, whose trampolines forbid it;
 * such kernels call themselves PREEMPT only when they are preemptible from the start. The mode of
 * PREEMPT_DYNAMIC is in debugfs, the current one in parentheses; not to know it means yes.
 */
static bool programs_are_preemptible(void)
{
	struct utsname uts;
	char modes[128] = "";
	FILE *f;

	if (uname(&uts) || !strstr(uts.version, "PREEMPT"))
		return false;
	f = fopen("/sys/kernel/debug/sched/preempt", "re");
	if (f && !fgets(modes, sizeof(modes), f))
		modes[0] = '\0';
	if (f)
		fclose(f);
	return !strstr(modes, "(none)") && !strstr(modes, "(voluntary)");
}

static bool hook_needed(const struct object_info *info, int event)
{
	return info->hooks[event].nr_programs || (PROCESS_HOOKS >> event & 1);
}

/* "hook_exec", "finish_exec" */
static struct bpf_program *sensor_program(const struct deployment *d, const char *stage, int event)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", stage, event_kinds[event].short_name);
	return bpf_object__find_program_by_name(d->sensor->obj, name);
}

static struct bpf_map *sensor_tail(const struct deployment *d, int event)
{
	char name[64];

	snprintf(name, sizeof(name), "tail_%s", event_kinds[event].short_name);
	return bpf_object__find_map_by_name(d->sensor->obj, name);
}

static struct bpf_program *ruleset_program(const struct deployment *d, int event, uint32_t stage)
{
	char name[64];

	snprintf(name, sizeof(name), OBJECT_PROG_FMT, event_kinds[event].short_name, stage);
	return bpf_object__find_program_by_name(d->ruleset, name);
}

/*
 * The sensor deletes from the map in which the generated programs remember processes, and the
 * ruleset uses the sensor's maps: so this one exists before either is loaded.
 */
static int create_pbits(struct deployment *d)
{
	struct bpf_map *map = bpf_object__find_map_by_name(d->ruleset, "k_pbits");
	struct bpf_map *twin = bpf_object__find_map_by_name(d->sensor->obj, "k_pbits");
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int err;

	if (!map)
		return 0;
	opts.map_flags = bpf_map__map_flags(map);
	/* Older kernels warn, with a stack trace, of what they would allocate in a raw tracepoint. */
	if (!d->kernel.has_mem_alloc)
		opts.map_flags &= ~(__u32)BPF_F_NO_PREALLOC;
	d->pbits_fd = bpf_map_create(bpf_map__type(map), "k_pbits", bpf_map__key_size(map),
				     bpf_map__value_size(map), bpf_map__max_entries(map), &opts);
	if (d->pbits_fd < 0) {
		err = -errno;
		log_error("cannot create the map k_pbits: %s", strerror(-err));
		explain_error(err);
		return err;
	}
	err = bpf_map__reuse_fd(map, d->pbits_fd);
	return err ? err : bpf_map__reuse_fd(twin, d->pbits_fd);
}

static int open_sensor(struct deployment *d, const struct deploy_options *opt)
{
	uint32_t ring_bytes = opt && opt->ring_bytes ? opt->ring_bytes : RING_BYTES_DEFAULT;
	bool twice = programs_are_preemptible();
	int self = running_self();

	d->sensor = sensor__open();
	if (!d->sensor)
		return -errno;
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		bool needed = hook_needed(d->info, e);

		bpf_program__set_autoload(sensor_program(d, "hook", e), needed);
		bpf_program__set_autoload(sensor_program(d, "again", e), needed && twice);
		bpf_program__set_autoload(sensor_program(d, "finish", e), needed);
		d->sensor->bss->want[e] = d->info->hooks[e].want;
	}
	d->sensor->bss->has_second = twice;
	d->sensor->bss->generation = 1;
	d->sensor->bss->self_tgid = (__u32)(self > 0 ? self : getpid());
	d->sensor->rodata->exit_has_group_dead = d->kernel.exit_has_group_dead;
	if (self > 0 && self != getpid())
		log_warn("running in a pid namespace: only its processes are known from the start");
	return bpf_map__set_max_entries(d->sensor->maps.ring, ring_bytes);
}

/* A sensor that the verifier refuses is a kernel that Kestrel does not support. */
static int load_sensor(struct deployment *d)
{
	autoptr(verifier_logs) logs = verifier_logs_new(d->sensor->obj);
	int err = logs ? sensor__load(d->sensor) : -ENOMEM;

	if (!err)
		return 0;
	if (!logs)
		return err;
	verifier_logs_explain(logs, d->sensor->obj, "sensor", err);
	return err == -EPERM || err == -ENOMEM ? err : DEPLOY_UNSUPPORTED;
}

/* As its sensor hook: the kernel lets a program call only its like. */
static int type_program(struct bpf_program *p, const struct bpf_program *hook)
{
	const char *target = strchr(bpf_program__section_name(hook), '/');

	bpf_program__set_autoload(p, true);
	bpf_program__set_type(p, bpf_program__type(hook));
	bpf_program__set_expected_attach_type(p, bpf_program__expected_attach_type(hook));
	return bpf_program__set_attach_target(p, 0, target + 1);
}

static int type_programs(struct deployment *d)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, d->ruleset)
		bpf_program__set_autoload(p, false);
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		const struct bpf_program *hook = sensor_program(d, "hook", e);

		for (uint32_t i = 0; i < d->info->hooks[e].nr_programs; i++) {
			int err;

			p = ruleset_program(d, e, i);
			err = p ? type_program(p, hook) : -EINVAL;
			if (err) {
				log_error("cannot prepare program " OBJECT_PROG_FMT
					  " of the ruleset: %s",
					  event_kinds[e].short_name, i, strerror(-err));
				return err;
			}
		}
	}
	return 0;
}

/* `slots` and the tail arrays are the sensor's; what the sensor does not have is the ruleset's. */
static int share_maps(struct deployment *d)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, d->ruleset) {
		const char *name = bpf_map__name(map);
		struct bpf_map *own;
		int err;

		if (strcmp(name, "slots") != 0 && strncmp(name, "tail_", 5) != 0)
			continue;
		own = bpf_object__find_map_by_name(d->sensor->obj, name);
		err = own ? bpf_map__reuse_fd(map, bpf_map__fd(own)) : -EINVAL;
		if (err) {
			log_error("cannot share map %s with the ruleset: %s", name, strerror(-err));
			return err;
		}
	}
	return 0;
}

static int open_ruleset(struct deployment *d, const void *image, size_t len)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "kestrel_rules");

	d->ruleset = bpf_object__open_mem(image, len, &opts);
	if (d->ruleset)
		return 0;
	log_error("cannot open the ruleset object: %s", strerror(errno));
	return -errno;
}

static int load_ruleset(struct deployment *d)
{
	autoptr(verifier_logs) logs = verifier_logs_new(d->ruleset);
	int err = logs ? type_programs(d) : -ENOMEM;

	if (!err)
		err = share_maps(d);
	if (err)
		return err;
	err = bpf_object__load(d->ruleset);
	if (err)
		verifier_logs_explain(logs, d->ruleset, "ruleset", err);
	return err;
}

static int insert_tail(const struct bpf_map *tail, uint32_t index, const struct bpf_program *p)
{
	int fd = bpf_program__fd(p);

	return bpf_map_update_elem(bpf_map__fd(tail), &index, &fd, BPF_ANY) ? -errno : 0;
}

static int insert_tails_of(struct deployment *d, int event)
{
	uint32_t nr = d->info->hooks[event].nr_programs;
	const struct bpf_program *finish = sensor_program(d, "finish", event);
	const struct bpf_map *tail = sensor_tail(d, event);
	int err = insert_tail(tail, KES_TAIL_FINISH, finish);

	if (!nr && !err)
		err = insert_tail(tail, KES_TAIL_DECIDE, finish);
	for (uint32_t i = 0; i < nr && !err; i++)
		err = insert_tail(tail, KES_TAIL_DECIDE + i, ruleset_program(d, event, i));
	return err;
}

static int insert_tails(struct deployment *d)
{
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		int err = hook_needed(d->info, e) ? insert_tails_of(d, e) : 0;

		if (err) {
			log_error("cannot connect the programs of %s: %s", event_kinds[e].name,
				  strerror(-err));
			return err;
		}
	}
	return 0;
}

static int attach_program(struct bpf_link **link, struct bpf_program *p)
{
	*link = bpf_program__attach(p);
	return *link ? 0 : -errno;
}

/*
 * hook_X must run before again_X. Tracepoints run programs in the order of attachment, the
 * trampoline of a function in the reverse order (all of 5.10 to 7.x; a test would see it change).
 */
static int attach_hook(struct deployment *d, int event)
{
	struct bpf_program *hook = sensor_program(d, "hook", event);
	struct bpf_program *again = sensor_program(d, "again", event);
	bool again_first = bpf_program__expected_attach_type(hook) == BPF_TRACE_FENTRY;
	int err = 0;

	if (d->sensor->bss->has_second && again_first)
		err = attach_program(&d->again[event], again);
	if (!err)
		err = attach_program(&d->links[event], hook);
	if (!err && d->sensor->bss->has_second && !again_first)
		err = attach_program(&d->again[event], again);
	return err;
}

static int attach(struct deployment *d, uint32_t events)
{
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		int err;

		if (!(events >> e & 1) || !hook_needed(d->info, e))
			continue;
		err = attach_hook(d, e);
		if (!err)
			continue;
		log_error("cannot attach %s: %s", event_kinds[e].name, strerror(-err));
		explain_error(err);
		return err;
	}
	return 0;
}

static int take_record(void *ctx, void *data, size_t size)
{
	struct deployment *d = ctx;

	if (d->record_fn)
		d->record_fn(d->record_arg, data, size);
	return 0;
}

static int open_ring(struct deployment *d)
{
	int err;

	d->ring = ring_buffer__new(bpf_map__fd(d->sensor->maps.ring), take_record, d, NULL);
	if (d->ring)
		return 0;
	err = -errno;
	log_error("cannot open the ring: %s", strerror(-err));
	return err;
}

/*
 * The order is what makes the process records complete: whoever starts after the hooks of process
 * life are attached is seen by them, whoever started before is found by the scan after it, and
 * only then come the hooks that rely on the records.
 */
static int start(struct deployment *d, const void *image, size_t len)
{
	const struct running_options opt = {
		.image = image,
		.len = len,
		.info = d->info,
		.sensor = d->sensor->obj,
		.ruleset = d->ruleset,
	};
	autoptr(running) running = NULL;
	int err = running_new(&running, &opt);

	if (!err)
		err = attach(d, PROCESS_HOOKS);
	if (!err)
		err = running_judge(running);
	if (!err)
		err = attach(d, ~PROCESS_HOOKS);
	return err;
}

static int load(struct deployment *d, const void *image, size_t len,
		const struct deploy_options *opt)
{
	int err = open_sensor(d, opt);

	if (err) {
		log_error("cannot open the sensor: %s", strerror(-err));
		explain_error(err);
		return err;
	}
	err = open_ruleset(d, image, len);
	if (!err)
		err = create_pbits(d);
	if (!err)
		err = load_sensor(d);
	if (!err)
		err = load_ruleset(d);
	if (!err)
		err = insert_tails(d);
	return err;
}

int deploy(struct deployment **out, const void *image, size_t len, const struct object_info *info,
	   const struct deploy_options *opt)
{
	autoptr(deployment) d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	d->info = info;
	d->pbits_fd = -1;
	verbose = opt && opt->verbose;
	libbpf_set_print(print_libbpf);
	err = check_kernel();
	if (err)
		return err;
	raise_memlock();
	d->kernel = read_facts();
	err = load(d, image, len, opt);
	if (!err)
		err = open_ring(d);
	if (!err)
		err = start(d, image, len);
	if (err)
		return err;
	*out = TAKE(d);
	return 0;
}

void deployment_free(struct deployment *d)
{
	if (!d)
		return;
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		bpf_link__destroy(d->again[e]);
		bpf_link__destroy(d->links[e]);
	}
	ring_buffer__free(d->ring);
	bpf_object__close(d->ruleset);
	sensor__destroy(d->sensor);
	closep(&d->pbits_fd);
	free(d);
}

void deployment_freep(struct deployment **d)
{
	deployment_free(*d);
}

int deployment_poll(struct deployment *d, int timeout_ms, deployment_record_fn *fn, void *arg)
{
	int n;

	d->record_fn = fn;
	d->record_arg = arg;
	n = timeout_ms ? ring_buffer__poll(d->ring, timeout_ms) : ring_buffer__consume(d->ring);
	d->record_fn = NULL;
	return n;
}

int deployment_poll_fd(const struct deployment *d)
{
	return ring_buffer__epoll_fd(d->ring);
}

typedef uint64_t counters[KES_NR_EVENTS][KES_NR_COUNTERS];

static void add_counters(counters sum, const counters from)
{
	for (int e = 0; e < KES_NR_EVENTS; e++)
		for (int c = 0; c < KES_NR_COUNTERS; c++)
			sum[e][c] += from[e][c];
}

/* Add what entry `key` of a per-CPU map holds at `offset` of every CPU's value. */
static int sum_percpu(const struct bpf_map *map, uint32_t key, size_t offset, counters sum)
{
	size_t size = (bpf_map__value_size(map) + 7) / 8 * 8;
	int nr_cpus = libbpf_num_possible_cpus();
	autofree char *values = NULL;

	if (nr_cpus < 0)
		return nr_cpus;
	values = calloc((size_t)nr_cpus, size);
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(map), &key, values))
		return -errno;
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		add_counters(sum, *(const counters *)(values + (size_t)cpu * size + offset));
	return 0;
}

int deployment_counters(const struct deployment *d, uint64_t out[KES_NR_EVENTS][KES_NR_COUNTERS])
{
	counters sum = { { 0 } };
	int err = sum_percpu(d->sensor->maps.lost, 0, offsetof(struct kes_lost, count), sum);

	for (uint32_t i = 0; i < KES_NR_SLOTS && !err; i++)
		err = sum_percpu(d->sensor->maps.slots, i, offsetof(struct kes_slot, count), sum);
	if (!err)
		memcpy(out, sum, sizeof(sum));
	return err;
}

/* What the last program at a hook misses is missed; what only the first one misses is not. */
int deployment_recursion_misses(const struct deployment *d, uint64_t out[KES_NR_EVENTS])
{
	uint64_t misses[KES_NR_EVENTS] = { 0 };

	for (int e = 0; e < KES_NR_EVENTS; e++) {
		const char *stage = d->again[e] ? "again" : "hook";
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (!d->links[e])
			continue;
		if (bpf_obj_get_info_by_fd(bpf_program__fd(sensor_program(d, stage, e)), &info,
					   &size))
			return -errno;
		misses[e] = info.recursion_misses; /* 0 before 5.12 */
	}
	memcpy(out, misses, sizeof(misses));
	return 0;
}
