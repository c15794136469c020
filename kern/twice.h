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
 * How the second one knows: the first leaves a mark for its thread, the second takes it. They run
 * directly one after the other, but the thread may be preempted and moved to another CPU between
 * the two, so the table is not per CPU. A thread whose number differs by a multiple of NR_TAKEN and
 * which comes by just then takes the mark's place: then the event is handled twice.
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
	__u64 *place = &taken[me & (NR_TAKEN - 1)];

	if (!has_second)
		return false;
	if (which == TWICE_FIRST) {
		*place = mark;
		return false;
	}
	if (*place != mark)
		return false;
	*place = 0;
	return true;
}

#endif /* KERN_TWICE_H */
