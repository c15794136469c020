/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * twice.h - two programs at one hook, so that preemption makes no blind spot.
 *
 * The kernel does not run a tracing program that is running on this CPU already (it counts a
 * recursion miss). Where programs can be preempted that is a hole: one thread is put to sleep
 * within hook_open, and whatever others open on that CPU until it continues is not seen. Who opens
 * files in a loop makes such a hole every few milliseconds. So on those kernels each hook has a
 * second program, again_X, which handles what hook_X could not. An event is missed only when
 * threads sleep within both; the misses of again_X bound how many.
 *
 * How the second one knows: the first leaves a mark by CPU and thread, the second takes it. They
 * run directly one after the other. Should the thread be preempted between the two, another one
 * of the same place in the table may overwrite the mark: then the event is handled twice.
 */
#ifndef KERN_TWICE_H
#define KERN_TWICE_H

#include "maps.h"
#include "slot.h"

enum twice { TWICE_FIRST, TWICE_SECOND };

/* Whether the first program has handled this event; the first itself leaves its mark. */
static __always_inline bool twice_taken(__u32 event, enum twice which)
{
	__u64 me = slot_me();
	__u64 mark = me ^ (__u64)(event + 1) << 24; /* no thread id has these bits */
	__u32 key = 0;
	struct kes_lost *l;
	__u64 *taken;

	if (!has_second)
		return false;
	l = bpf_map_lookup_elem(&lost, &key);
	if (!l)
		return false;
	taken = &l->taken[me & (KES_NR_TAKEN - 1)];
	if (which == TWICE_FIRST) {
		*taken = mark;
		return false;
	}
	if (*taken != mark)
		return false;
	*taken = 0;
	return true;
}

#endif /* KERN_TWICE_H */
