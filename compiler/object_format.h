/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_format.h - the metadata section of a ruleset object. Little-endian, no hidden padding.
 *
 *	.kestrel := header | hook[nr_hooks] | predicate[nr_predicates] | source[nr_sources] | bytes
 *
 * A source names its file and carries its text; offsets are into `bytes`.
 */
#ifndef COMPILER_OBJECT_FORMAT_H
#define COMPILER_OBJECT_FORMAT_H

#include <stdint.h>

#define OBJECT_MAGIC   "KESTREL\1"
#define OBJECT_META    ".kestrel"
#define OBJECT_SECTION "kestrel/" /* program sections: kestrel/<hook name> */

struct object_header {
	char magic[8];
	uint64_t checksum; /* XXH3 of the whole file with this field taken as zero */
	uint64_t schema_hash;
	uint32_t nr_hooks, nr_predicates, nr_sources, nr_bytes;
};

struct object_hook_rec {
	uint32_t nr_programs, want, nr_predicates, zero;
};

struct object_predicate_rec {
	uint32_t rule, item, hooks, inexact;
};

struct object_source_rec {
	uint32_t name, name_len, text, text_len;
};

#endif /* COMPILER_OBJECT_FORMAT_H */
