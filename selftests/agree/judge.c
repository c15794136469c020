// SPDX-License-Identifier: Apache-2.0
/*
 * judge.c - see judge.h. Each hook has its own instance of kern/inject.bpf.c, whose program array
 * takes the place of the hook's; the process bits are shared, as they are in a deployment.
 */
#include "judge.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../../compiler/err.h"
#include "skel/inject.skel.h"

struct hook {
	struct inject *inject;
	struct bpf_object *ruleset;
};

struct judge {
	struct hook hooks[KES_NR_EVENTS];
	int pbits;
};

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, ap);
}

static int print_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* Preallocated: 5.10 warns about others in raw tracepoint programs. */
static int create_pbits(struct judge *j, const struct bpf_map *map)
{
	if (j->pbits >= 0)
		return 0;
	j->pbits = bpf_map_create(BPF_MAP_TYPE_HASH, "k_pbits", 4, bpf_map__value_size(map), 4096,
				  NULL);
	return j->pbits < 0 ? -errno : 0;
}

static int share_maps(struct judge *j, struct hook *h, const char *tail)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, h->ruleset) {
		const char *name = bpf_map__name(map);

		if (strcmp(name, "slots") == 0) {
			err = bpf_map__reuse_fd(map, bpf_map__fd(h->inject->maps.slots));
		} else if (strcmp(name, tail) == 0) {
			err = bpf_map__reuse_fd(map, bpf_map__fd(h->inject->maps.tail_inject));
		} else if (strcmp(name, "k_pbits") == 0) {
			err = create_pbits(j, map);
			if (!err)
				err = bpf_map__reuse_fd(map, j->pbits);
		}
		if (err)
			return err;
	}
	return 0;
}

static int insert(struct hook *h, uint32_t index, const struct bpf_program *p)
{
	int fd = p ? bpf_program__fd(p) : -1;

	return bpf_map_update_elem(bpf_map__fd(h->inject->maps.tail_inject), &index, &fd, BPF_ANY)
		       ? -errno
		       : 0;
}

static int open_hook(struct judge *j, int event, const void *image, size_t len, uint32_t nr)
{
	struct hook *h = &j->hooks[event];
	const char *short_name = event_kinds[event].short_name;
	char name[64];
	struct bpf_program *p;
	int err;

	h->inject = inject__open_and_load();
	if (!h->inject)
		return -errno;
	h->ruleset = bpf_object__open_mem(image, len, NULL);
	if (!h->ruleset)
		return -errno;
	bpf_object__for_each_program(p, h->ruleset) {
		size_t n = strlen(short_name);
		bool mine = strncmp(bpf_program__name(p), short_name, n) == 0 &&
			    bpf_program__name(p)[n] == '_';

		bpf_program__set_autoload(p, mine);
		bpf_program__set_type(p, BPF_PROG_TYPE_RAW_TRACEPOINT);
	}
	snprintf(name, sizeof(name), "tail_%s", short_name);
	err = share_maps(j, h, name);
	if (!err)
		err = bpf_object__load(h->ruleset);
	if (!err)
		err = insert(h, KES_TAIL_FINISH, h->inject->progs.inject_finish);
	for (uint32_t i = 0; i < nr && !err; i++) {
		snprintf(name, sizeof(name), OBJECT_PROG_FMT, short_name, i);
		err = insert(h, KES_TAIL_DECIDE + i,
			     bpf_object__find_program_by_name(h->ruleset, name));
	}
	return err;
}

int judge_open(struct judge **out, const void *image, size_t len, const struct object_info *info,
	       bool log)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	autoptr(judge) j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	j->pbits = -1;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	libbpf_set_print(log ? print_libbpf : print_nothing);
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		int err = 0;

		if (info->hooks[e].nr_programs)
			err = open_hook(j, e, image, len, info->hooks[e].nr_programs);
		if (err)
			return err;
	}
	*out = TAKE(j);
	return 0;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		bpf_object__close(j->hooks[e].ruleset);
		inject__destroy(j->hooks[e].inject);
	}
	if (j->pbits >= 0)
		close(j->pbits);
	free(j);
}

void judge_freep(struct judge **j)
{
	judge_free(*j);
}

int judge_run(struct judge *j, const struct inject_event *in, uint32_t repeat,
	      struct kes_event *result, uint32_t *ns)
{
	struct hook *h = &j->hooks[in->ev.event];
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	uint32_t zero = 0, total = 0;

	if (!h->inject)
		return -ENOENT;
	if (bpf_map_update_elem(bpf_map__fd(h->inject->maps.inject_event), &zero, in, BPF_ANY))
		return -errno;
	for (uint32_t i = 0; i < repeat; i++) {
		if (bpf_prog_test_run_opts(bpf_program__fd(h->inject->progs.inject), &opts))
			return -errno;
		total += opts.duration;
	}
	if (bpf_map_lookup_elem(bpf_map__fd(h->inject->maps.inject_result), &zero, result))
		return -errno;
	if (ns)
		*ns = total / repeat;
	return result->version == KES_WIRE_VERSION ? 0 : -EIO;
}

uint64_t judge_verified(const struct judge *j)
{
	uint64_t sum = 0;

	/* bpf_prog_info.verified_insns: 5.16 and later, 0 before. */
	for (int e = 0; e < KES_NR_EVENTS; e++) {
		struct bpf_program *p;

		if (!j->hooks[e].ruleset)
			continue;
		bpf_object__for_each_program(p, j->hooks[e].ruleset) {
			struct bpf_prog_info info = { 0 };
			uint32_t len = sizeof(info);

			if (bpf_program__fd(p) >= 0 &&
			    bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len) == 0)
				sum += info.verified_insns;
			if (getenv("JUDGE_VERBOSE"))
				fprintf(stderr, "%s: %u instructions, %u verified\n",
					bpf_program__name(p), info.xlated_prog_len / 8,
					info.verified_insns);
		}
	}
	return sum;
}
