/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deploy.h - a ruleset object on a running kernel: load, judge what already runs, attach, count.
 */
#ifndef USER_DEPLOY_H
#define USER_DEPLOY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../compiler/object.h"

struct deployment;

struct deploy_options {
	uint32_t ring_bytes; /* power of two and a multiple of the page size; 0: 8 MiB */
	bool verbose;        /* libbpf's own messages too */
};

/* Positive outcome of deploy(): this kernel lacks what Kestrel needs (exit code 4); logged. */
#define DEPLOY_UNSUPPORTED 1

/*
 * Load sensor and object, judge the running processes, attach the hooks that rules need. The info
 * is what object_read() made of the same image; it must live as long as the deployment.
 * 0: running. DEPLOY_UNSUPPORTED: see above. Negative errno: the world said no; one line was
 * logged, with a hint. On failure nothing stays attached, loaded or pinned.
 */
int deploy(struct deployment **out, const void *image, size_t len, const struct object_info *info,
	   const struct deploy_options *opt);

/* Detach and unload everything. NULL is fine. */
void deployment_free(struct deployment *d);
void deployment_freep(struct deployment **d);

/* A record from the ring. Not yet checked: decode it with event_decode(). */
typedef void deployment_record_fn(void *arg, const void *data, size_t size);

/*
 * Wait at most timeout_ms (0: only what is there) and hand out every record.
 * Returns how many, or a negative errno (-EINTR included).
 */
int deployment_poll(struct deployment *d, int timeout_ms, deployment_record_fn *fn, void *arg);

/* A file descriptor that polls readable when the ring has records. */
int deployment_poll_fd(const struct deployment *d);

/* Sum over all CPUs and slots. Exact once the machine is quiet. Returns 0 or a negative errno. */
int deployment_counters(const struct deployment *d, uint64_t out[KES_NR_EVENTS][KES_NR_COUNTERS]);

/* Events that the kernel skipped because the program was already running on that CPU (5.12+). */
int deployment_recursion_misses(const struct deployment *d, uint64_t out[KES_NR_EVENTS]);

#endif /* USER_DEPLOY_H */
