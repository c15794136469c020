/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_write.h - programs, tables and metadata as a BPF ELF object.
 */
#ifndef COMPILER_OBJECT_WRITE_H
#define COMPILER_OBJECT_WRITE_H

#include "gen.h"

/*
 * The same input gives the same bytes. The image lives in the arena. Returns 0, or a negative
 * errno of the ELF or BTF library (out of memory, no temporary file).
 */
int object_write(struct arena *a, const struct gen *g, const struct rules *rules, void **image,
		 size_t *len);

void object_dump(FILE *out, const void *image, size_t len);

#endif /* COMPILER_OBJECT_WRITE_H */
