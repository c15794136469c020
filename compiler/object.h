/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h - the metadata of a ruleset object, as user space reads it.
 *
 * The object carries the sources of its rules: who loads it parses them again (the front end is
 * deterministic) and so has the conditions for MAYBE, the names for alerts, the lines for errors.
 */
#ifndef COMPILER_OBJECT_H
#define COMPILER_OBJECT_H

#include "rule.h"

struct object_hook {
	uint32_t nr_programs; /* generated programs at this hook, 0: the hook is not needed */
	uint32_t want;        /* KES_WANT() mask: the buffers that must be filled before deciding */
	uint32_t nr_predicates; /* 0: the hook serves only as context for others */
};

/* Predicate numbers of hits index this table. */
struct object_predicate {
	uint32_t rule;    /* index into rules */
	uint32_t item;    /* of a sequence; 0 */
	uint32_t hooks;   /* mask of the events it can match */
	uint32_t inexact; /* the kernel can only say NO or MAYBE */
};

struct object_info {
	struct object_hook hooks[KES_NR_EVENTS];
	struct object_predicate *predicates;
	size_t nr_predicates;
	struct rules rules; /* parsed and typed */
};

/* The name of generated program number `stage` at a hook: "exec_0", "exec_1", … */
#define OBJECT_PROG_FMT "%s_%u"

/*
 * Check magic, checksum and schema hash, and read everything above; memory comes from the arena.
 * Returns 0, or -EINVAL with *why set to a text for the log ("not a ruleset object",
 * "damaged: checksum differs", "made for another schema: build it again", …).
 * Never reads outside [image, image + len), whatever the bytes are.
 */
int object_read(struct arena *a, const void *image, size_t len, struct object_info *out,
		const char **why);

#endif /* COMPILER_OBJECT_H */
