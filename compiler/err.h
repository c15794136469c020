/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - ownership helpers, used in every .c file outside kern/.
 *
 * A local that owns something is declared with autoptr(), autofree or autoclose and initialised
 * where it is declared. It is released on every return path; TAKE() hands it to somebody else.
 */
#ifndef COMPILER_ERR_H
#define COMPILER_ERR_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* autoptr(x) needs a function x_freep(struct x **). */
#define autoptr(type) __attribute__((cleanup(type##_freep))) struct type *
#define autofree      __attribute__((cleanup(freep)))
#define autoclose     __attribute__((cleanup(closep)))
#define must_check    __attribute__((warn_unused_result))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Hand an owned pointer to somebody else: yields it and leaves NULL behind. */
#define TAKE(p)                         \
	({                              \
		__typeof__(p) v_ = (p); \
		(p) = NULL;             \
		v_;                     \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#endif /* COMPILER_ERR_H */
