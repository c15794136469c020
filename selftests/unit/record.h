/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - records as the ring would hand them out, for tests of user/.
 */
#ifndef UNIT_RECORD_H
#define UNIT_RECORD_H

#include <linux/types.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../kern/wire.h"

struct record {
	struct kes_event ev;
	uint8_t buf[KES_BUF_SPAN];
};

/* An event of process 100, child of 99, that started at 1 s and 0.5 s. */
static inline void record_init(struct record *r, enum kes_event_id event)
{
	memset(r, 0, sizeof(*r));
	r->ev.version = KES_WIRE_VERSION;
	r->ev.event = (uint16_t)event;
	r->ev.size = sizeof(r->ev);
	r->ev.generation = 1;
	r->ev.ktime_ns = 2000000000;
	r->ev.seq = 7;
	r->ev.tid = 100;
	r->ev.pid = r->ev.image_pid = 100;
	r->ev.start_ns = 1000000000;
	r->ev.ppid = 99;
	r->ev.parent_start_ns = 500000000;
}

static inline void record_add(struct record *r, enum kes_buffer b, const char *s, size_t len,
			      uint32_t flags)
{
	r->ev.str[b].off = (uint16_t)r->ev.buf_len;
	r->ev.str[b].len = (uint16_t)len;
	r->ev.str[b].flags = flags;
	memcpy(r->buf + r->ev.buf_len, s, len);
	r->ev.buf_len += (uint32_t)len;
	r->ev.size = (uint32_t)sizeof(r->ev) + r->ev.buf_len;
}

/* A string literal, its own NULs included, its last NUL not: record_set(r, ARGS, "sh\0-c\0"). */
#define record_set(r, b, literal) \
	record_add((r), KES_BUF_##b, literal, sizeof(literal) - 1, KES_STR_PRESENT)
#define record_set_cut(r, b, literal) \
	record_add((r), KES_BUF_##b, literal, sizeof(literal) - 1, KES_STR_PRESENT | KES_STR_TRUNC)

static inline void record_hit(struct record *r, uint32_t hit)
{
	r->ev.hits[r->ev.nr_hits++] = hit;
}

/* A copy of exactly `size` bytes on the heap, so that a read past it is caught. */
static inline void *record_copy(const struct record *r, size_t size)
{
	void *copy = malloc(size > 0 ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, r, size);
	return copy;
}

#endif /* UNIT_RECORD_H */
