/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - records to alerts: what the kernel decided is taken, what it could not is judged here.
 */
#ifndef USER_ENGINE_H
#define USER_ENGINE_H

#include "../compiler/object.h"
#include "alert.h"
#include "proctable.h"

/* The alert and what it points to are valid during the call. */
typedef void engine_alert_fn(void *arg, const struct alert *a);

struct engine_rule {
	uint64_t kernel_hits; /* predicates of the rule that the kernel named, YES or MAYBE */
	uint64_t confirmed;   /* by the reference evaluator */
	uint64_t refuted;     /* a MAYBE that was a no */
	uint64_t undecided;   /* alerted all the same: better than a false negative */
	uint64_t alerts;
};

struct engine_counters {
	uint64_t records;
	uint64_t damaged;  /* records that event_decode() refused */
	uint64_t bad_hits; /* hits that name no predicate of this ruleset */
	uint64_t lost;     /* records not judged for want of memory */
	uint64_t alerts;
};

struct engine;

/*
 * The info, as object_read() checked it, and the process table must live as long as the engine.
 * procs may be NULL: alerts then have no ancestors. NULL when out of memory.
 */
struct engine *engine_new(const struct object_info *info, struct proctable *procs,
			  engine_alert_fn *fn, void *arg);
void engine_free(struct engine *e); /* NULL is fine */
void engine_freep(struct engine **e);

/*
 * Judge one record of the ring: every alert goes to fn before this returns.
 * Returns 0, -EBADMSG for a damaged record, -ENOMEM; both counted.
 */
int engine_record(struct engine *e, const void *data, size_t size);

const struct engine_counters *engine_counters(const struct engine *e);
const struct engine_rule *engine_rules(const struct engine *e); /* info->rules.nr of them */

#endif /* USER_ENGINE_H */
