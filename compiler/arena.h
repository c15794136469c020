/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory of one compilation: allocated piece by piece, released all at once.
 *
 * Out of memory ends the process with a message and exit code 1: a compiler without memory has
 * nothing better to do, and no caller has to test.
 */
#ifndef COMPILER_ARENA_H
#define COMPILER_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */
void arena_freep(struct arena **a);

/* Zeroed memory, aligned for any type, owned by the arena. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define arena_new_of(a, type)   ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, n, type) ((type *)arena_alloc((a), (size_t)(n) * sizeof(type)))

/*
 * Grow an arena array for one more element: vec_push(a, v, nr, cap) leaves room for v[nr].
 * The old copy stays in the arena, which doubling bounds to the final size.
 */
void *arena_grow(struct arena *a, void *v, size_t nr, size_t *cap, size_t size);

#define vec_push(a, v, nr, cap, value)                                  \
	do {                                                            \
		(v) = arena_grow((a), (v), (nr), &(cap), sizeof(*(v))); \
		(v)[(nr)++] = (value);                                  \
	} while (0)

#endif /* COMPILER_ARENA_H */
