/* SPDX-License-Identifier: Apache-2.0 */
/*
 * running.h - processes that ran before the sensor was attached: recorded and judged as if they
 * were started now, by the same generated programs.
 */
#ifndef USER_RUNNING_H
#define USER_RUNNING_H

#include <bpf/libbpf.h>

#include "../compiler/object.h"

struct running;

/*
 * What a deployment shares with it. `sensor` and `ruleset` are loaded; their maps `slots`, `lost`,
 * `procs` and all maps of the ruleset are shared with copies of the exec programs, which are
 * loaded from the image.
 */
struct running_options {
	const void *image;
	size_t len;
	const struct object_info *info;
	struct bpf_object *sensor, *ruleset;
};

/* Returns 0 or a negative errno, logged. */
int running_new(struct running **out, const struct running_options *opt);
void running_free(struct running *r); /* NULL is fine */
void running_freep(struct running **r);

/*
 * Record and judge every process that has no record. The hooks for fork, exec and exit must be
 * attached: what they have written is newer and is kept. Returns 0 or a negative errno, logged.
 */
int running_judge(struct running *r);

/* This process's id as the hooks see it, whatever pid namespace it is in; or a negative errno. */
int running_self(void);

#endif /* USER_RUNNING_H */
