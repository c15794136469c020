// SPDX-License-Identifier: Apache-2.0
/*
 * arena.c - blocks of at least 64 KiB in a list; large requests get a block of their own.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (64 * 1024)

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks;
};

static void die_of_memory(size_t size)
{
	fprintf(stderr, "out of memory (%zu bytes wanted)\n", size);
	exit(1);
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		die_of_memory(sizeof(*a));
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
}

static struct block *block_add(struct arena *a, size_t size)
{
	size_t want = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;
	struct block *b = calloc(1, sizeof(*b) + want);

	if (!b)
		die_of_memory(want);
	b->size = want;
	if (want > BLOCK_SIZE && a->blocks) { /* keep the current block open for small requests */
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->blocks;
	void *p;

	if (size > SIZE_MAX / 2)
		die_of_memory(size);
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!b || b->size - b->used < size)
		b = block_add(a, size);
	p = b->data + b->used;
	b->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *d = arena_alloc(a, n + 1);

	if (n) /* s may be NULL then */
		memcpy(d, s, n);
	return d;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *s;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

void *arena_grow(struct arena *a, void *v, size_t nr, size_t *cap, size_t size)
{
	void *bigger;

	if (nr < *cap)
		return v;
	*cap = *cap ? 2 * *cap : 8;
	if (*cap > SIZE_MAX / 2 / size)
		die_of_memory(SIZE_MAX);
	bigger = arena_alloc(a, *cap * size);
	if (nr)
		memcpy(bigger, v, nr * size);
	return bigger;
}
