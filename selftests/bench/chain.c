// SPDX-License-Identifier: Apache-2.0
/*
 * chain.c - see chain.h. One instance of kern/inject.bpf.c for each timed hook stands for the
 * sensor's programs there; they share the scratch slots, and the ruleset is loaded once, as it is
 * in a deployment.
 */
#include "chain.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../compiler/err.h"
#include "skel/inject.skel.h"

struct chain {
	enum timing timing;
	struct inject *inject[KES_NR_EVENTS]; /* NULL: no programs at this hook, or it is not timed */
	struct bpf_object *ruleset;
};

static const enum kes_event_id timed[] = { KES_EXEC, KES_OPEN };

static enum bpf_prog_type program_type(enum timing timing)
{
	return timing == TIMING_REPEAT ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_RAW_TRACEPOINT;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A slot is claimed by one program and found by the next: one map for all of them. */
static int share_slots(const struct chain *c, struct bpf_map *map)
{
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		if (c->inject[e] && bpf_map__fd(c->inject[e]->maps.slots) >= 0)
			return bpf_map__reuse_fd(map, bpf_map__fd(c->inject[e]->maps.slots));
	}
	return 0;
}

static int open_inject(struct chain *c, enum kes_event_id event)
{
	struct inject *inject = inject__open();
	struct bpf_program *p;
	int err;

	if (!inject)
		return -errno;
	bpf_object__for_each_program(p, inject->obj) {
		bool mine = p == inject->progs.inject || p == inject->progs.inject_finish;

		bpf_program__set_autoload(p, mine);
		if (mine)
			bpf_program__set_type(p, program_type(c->timing));
	}
	err = share_slots(c, inject->maps.slots);
	c->inject[event] = inject;
	return err ? err : inject__load(inject);
}

static int share_maps(const struct chain *c)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, c->ruleset) {
		const char *name = bpf_map__name(map);

		if (strcmp(name, "slots") == 0)
			err = share_slots(c, map);
		for (int e = 0; e < KES_NR_EVENTS && !err; e++) {
			char tail[64];

			snprintf(tail, sizeof(tail), "tail_%s", event_kinds[e].short_name);
			if (c->inject[e] && strcmp(name, tail) == 0)
				err = bpf_map__reuse_fd(
					map, bpf_map__fd(c->inject[e]->maps.tail_inject));
		}
		if (err)
			return err;
	}
	return 0;
}

static int load_ruleset(struct chain *c, const void *image, size_t len, struct chain_load *load)
{
	struct bpf_program *p;
	double begin_ms;
	int err;

	c->ruleset = bpf_object__open_mem(image, len, NULL);
	if (!c->ruleset)
		return -errno;
	bpf_object__for_each_program(p, c->ruleset)
		bpf_program__set_type(p, program_type(c->timing));
	err = share_maps(c);
	if (err)
		return err;
	begin_ms = now_ms();
	err = bpf_object__load(c->ruleset);
	if (err)
		return err;
	load->ms = now_ms() - begin_ms;
	bpf_object__for_each_program(p, c->ruleset) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size))
			return -errno;
		load->nr_programs++;
		load->nr_verified += info.verified_insns;
	}
	return 0;
}

static int insert(const struct inject *inject, uint32_t index, const struct bpf_program *p)
{
	int fd = p ? bpf_program__fd(p) : -1;

	return bpf_map_update_elem(bpf_map__fd(inject->maps.tail_inject), &index, &fd, BPF_ANY)
		       ? -errno
		       : 0;
}

static int connect_programs(const struct chain *c, int event, uint32_t nr)
{
	const struct inject *inject = c->inject[event];
	int err = insert(inject, KES_TAIL_FINISH, inject->progs.inject_finish);

	if (!err && !c->ruleset)
		err = insert(inject, KES_TAIL_DECIDE, inject->progs.inject_finish);
	for (uint32_t i = 0; c->ruleset && i < nr && !err; i++) {
		char name[64];

		snprintf(name, sizeof(name), OBJECT_PROG_FMT, event_kinds[event].short_name, i);
		err = insert(inject, KES_TAIL_DECIDE + i,
			     bpf_object__find_program_by_name(c->ruleset, name));
	}
	return err;
}

int chain_open(struct chain **out, const void *image, size_t len, const struct object_info *info,
	       enum timing timing, struct chain_load *load)
{
	autoptr(chain) c = calloc(1, sizeof(*c));
	int err = 0;

	if (!c)
		return -ENOMEM;
	c->timing = timing;
	for (size_t i = 0; i < ARRAY_SIZE(timed) && !err; i++) {
		if (!image || info->hooks[timed[i]].nr_programs)
			err = open_inject(c, timed[i]);
	}
	if (!err && image)
		err = load_ruleset(c, image, len, load);
	for (int e = 0; e < KES_NR_EVENTS && !err; e++) {
		if (c->inject[e])
			err = connect_programs(c, e, image ? info->hooks[e].nr_programs : 0);
	}
	if (err)
		return err;
	*out = TAKE(c);
	return 0;
}

void chain_free(struct chain *c)
{
	if (!c)
		return;
	bpf_object__close(c->ruleset);
	for (int e = 0; e < KES_NR_EVENTS; e++)
		inject__destroy(c->inject[e]);
	free(c);
}

void chain_freep(struct chain **c)
{
	chain_free(*c);
}

bool chain_has(const struct chain *c, int event)
{
	return c->inject[event] != NULL;
}

/* A classifier is given a packet; it does not look at it. */
static int run_repeated(int fd, uint32_t repeat, double *ns)
{
	char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = (int)repeat);

	if (bpf_prog_test_run_opts(fd, &opts))
		return -errno;
	*ns = opts.duration;
	return 0;
}

static int run_stats(int fd, uint32_t repeat, double *ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct bpf_prog_info before = { 0 }, after = { 0 };
	uint32_t size = sizeof(before);

	if (bpf_obj_get_info_by_fd(fd, &before, &size))
		return -errno;
	for (uint32_t i = 0; i < repeat; i++) {
		if (bpf_prog_test_run_opts(fd, &opts))
			return -errno;
	}
	size = sizeof(after);
	if (bpf_obj_get_info_by_fd(fd, &after, &size))
		return -errno;
	if (after.run_cnt == before.run_cnt)
		return -ENODATA;
	*ns = (double)(after.run_time_ns - before.run_time_ns) /
	      (double)(after.run_cnt - before.run_cnt);
	return 0;
}

int chain_run(struct chain *c, const struct inject_event *in, uint32_t repeat,
	      struct kes_event *result, double *ns)
{
	const struct inject *inject = c->inject[in->ev.event];
	uint32_t zero = 0;
	int fd, err;

	if (!inject)
		return -ENOENT;
	fd = bpf_program__fd(inject->progs.inject);
	if (bpf_map_update_elem(bpf_map__fd(inject->maps.inject_event), &zero, in, BPF_ANY))
		return -errno;
	err = c->timing == TIMING_REPEAT ? run_repeated(fd, repeat, ns) : run_stats(fd, repeat, ns);
	if (err)
		return err;
	if (bpf_map_lookup_elem(bpf_map__fd(inject->maps.inject_result), &zero, result))
		return -errno;
	return result->version == KES_WIRE_VERSION ? 0 : -EIO;
}
