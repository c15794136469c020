/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_btf.h - the type information of a ruleset object.
 */
#ifndef COMPILER_OBJECT_BTF_H
#define COMPILER_OBJECT_BTF_H

#include "gen.h"

/* A map that the object declares. */
struct object_map {
	const char *name;
	uint32_t type, key_size, value_size, max_entries, flags;
};

struct object_btf {
	void *btf, *ext; /* contents of .BTF and .BTF.ext, owned by the arena */
	uint32_t btf_len, ext_len;
};

/* Offset of a map's definition in .maps. */
#define OBJECT_MAP_DEF_SIZE 40

/* Returns 0 or a negative errno. */
int object_btf_build(struct arena *a, const struct gen *g, const struct object_map *maps,
		     size_t nr_maps, struct object_btf *out);

#endif /* COMPILER_OBJECT_BTF_H */
