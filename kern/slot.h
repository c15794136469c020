/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * slot.h - scratch slots: claim, find, release; strings appended to a slot's buffer.
 *
 * The protocol is in wire.h. All programs of one event run on one CPU (the kernel forbids
 * migration while a BPF program runs), so only nesting and preemption have to be survived:
 * compiler barriers are enough.
 */
#ifndef KERN_SLOT_H
#define KERN_SLOT_H

#include "count.h"

#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KES_NR_SLOTS);
	__type(key, __u32);
	__type(value, struct kes_slot);
} slots SEC(".maps") __weak;

static __always_inline __u64 slot_me(void)
{
	return bpf_get_current_pid_tgid() + 1;
}

/*
 * A free slot, its header zeroed up to the hits, or NULL. Slots are tried from the first: a nested
 * event of the same task and kind meets its outer one on the way and gets none, or finds its own
 * first, so slot_find() cannot confuse the two.
 */
static __always_inline struct kes_slot *slot_claim(__u32 event)
{
	__u64 me = slot_me();

	for (__u32 i = 0; i < KES_NR_SLOTS; i++) {
		__u32 key = i;
		struct kes_slot *s = bpf_map_lookup_elem(&slots, &key);

		if (!s || (s->owner == me && s->ev.event == event))
			return NULL;
		if (s->claim)
			continue;
		__sync_fetch_and_add(&s->claim, 1);
		barrier();
		if (*(volatile __u64 *)&s->claim == 1) {
			__builtin_memset(&s->ev, 0, __builtin_offsetof(struct kes_event, hits));
			s->ev.version = KES_WIRE_VERSION;
			s->ev.event = event;
			barrier(); /* a nested event must not see the owner with an old event */
			s->owner = me;
			return s;
		}
		__sync_fetch_and_add(&s->claim, -1);
	}
	return NULL;
}

/* The slot that an earlier program of this event claimed; NULL cannot happen after a tail call. */
static __always_inline struct kes_slot *slot_find(__u32 event)
{
	__u64 me = slot_me();

	for (__u32 i = 0; i < KES_NR_SLOTS; i++) {
		__u32 key = i;
		struct kes_slot *s = bpf_map_lookup_elem(&slots, &key);

		if (!s)
			return NULL;
		if (s->owner == me && s->ev.event == event)
			return s;
	}
	return NULL;
}

static __always_inline void slot_release(struct kes_slot *s)
{
	s->owner = 0;
	barrier();
	__sync_fetch_and_add(&s->claim, -1);
}

/* The end of an event that no generated program could be called for. */
static __always_inline void slot_drop_nodecide(struct kes_slot *s, __u32 event)
{
	count(s, event, KES_DROP_NODECIDE);
	slot_release(s);
}

static __always_inline void string_set(struct kes_slot *s, __u32 buffer, __u32 off, __u32 len,
				       __u32 flags)
{
	struct kes_str *str = &s->ev.str[buffer];

	str->off = off;
	str->len = len;
	str->flags = flags;
}

/* Where the next string goes; at most KES_WINDOW bytes fit there, whatever buf_len is. */
static __always_inline __u32 string_next(const struct kes_slot *s)
{
	return s->ev.buf_len & (KES_BUF_SPAN - 1);
}

/*
 * The string of len bytes that was just written at string_next(). One that would end beyond the
 * span is given up: the next one could not start there.
 */
static __always_inline void string_commit(struct kes_slot *s, __u32 buffer, __u32 len, __u32 flags)
{
	__u32 off = string_next(s);

	if (off + len >= KES_BUF_SPAN) {
		string_set(s, buffer, 0, 0, KES_STR_PRESENT | KES_STR_ERROR);
		count(s, s->ev.event % KES_NR_EVENTS, KES_READ_FAILED);
		return;
	}
	string_set(s, buffer, off, len, flags);
	s->ev.buf_len = off + len;
}

static __always_inline void string_fail(struct kes_slot *s, __u32 buffer)
{
	string_commit(s, buffer, 0, KES_STR_PRESENT | KES_STR_ERROR);
	count(s, s->ev.event % KES_NR_EVENTS, KES_READ_FAILED);
}

/* Append len <= KES_WINDOW bytes of kernel memory. */
static __always_inline void string_append(struct kes_slot *s, __u32 buffer, const void *from,
					  __u32 len, __u32 flags)
{
	if (len > KES_WINDOW)
		len = KES_WINDOW;
	if (bpf_probe_read_kernel(&s->buf[string_next(s)], len, from))
		string_fail(s, buffer);
	else
		string_commit(s, buffer, len, flags);
}

#endif /* KERN_SLOT_H */
