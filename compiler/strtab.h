/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strtab.h - byte strings to dense numbers: the interner of the compiler.
 */
#ifndef COMPILER_STRTAB_H
#define COMPILER_STRTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct strtab;

struct strtab *strtab_new(struct arena *a);

/* The number of a key, added with the next free number when it is new (*added, may be NULL). */
uint32_t strtab_put(struct strtab *t, const void *key, size_t len, bool *added);

/* The copy of a key that the table keeps; lives as long as the arena. */
const void *strtab_key(const struct strtab *t, uint32_t nr, size_t *len);

uint32_t strtab_size(const struct strtab *t);

#endif /* COMPILER_STRTAB_H */
