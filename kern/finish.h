/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * finish.h - the last stage of every event: enrich and emit it, or count it as filtered.
 */
#ifndef KERN_FINISH_H
#define KERN_FINISH_H

#include "path.h"
#include "procs.h"
#include "task.h"
#include "twice.h"

/* Begin an event: it was seen. NULL: it has ended, counted. */
static __always_inline struct kes_slot *event_begin(__u32 event)
{
	struct kes_slot *s = slot_claim(event);

	if (s) {
		count(s, event, KES_SEEN);
		return s;
	}
	count_lost(event, KES_SEEN);
	count_lost(event, KES_DROP_NOSLOT);
	return NULL;
}

/* Whether Kestrel itself does this. It would answer its own events with events for ever. */
static __always_inline bool event_is_own(__u32 event)
{
	if (bpf_get_current_pid_tgid() >> 32 != self_tgid)
		return false;
	count_lost(event, KES_SEEN);
	count_lost(event, KES_FILTERED_SELF);
	return true;
}

static __always_inline bool event_wants(__u32 event, __u32 buffer)
{
	return want[event] & KES_WANT(buffer);
}

static __always_inline bool event_has(const struct kes_slot *s, __u32 buffer)
{
	return s->ev.str[buffer].flags & KES_STR_PRESENT;
}

static __always_inline bool finish_is_candidate(const struct kes_slot *s)
{
	return s->ev.nr_hits || (s->ev.flags & KES_EV_ALL_MAYBE);
}

static __always_inline bool finish_is_maybe(const struct kes_slot *s)
{
	if (s->ev.flags & KES_EV_ALL_MAYBE)
		return true;
	for (__u32 i = 0; i < KES_HITS_MAX && i < s->ev.nr_hits; i++)
		if (s->ev.hits[i] & KES_HIT_MAYBE)
			return true;
	return false;
}

/*
 * What alerts and the evaluation in user space need beyond what was judged. `task` owns the
 * program image, or is NULL when the image is gone.
 */
static __always_inline void finish_enrich(struct kes_slot *s, const struct task_struct *task)
{
	if (!procs_enrich_own(s) && task) {
		if (!event_has(s, KES_BUF_EXE))
			path_fill_exe(s, task);
		if (!event_has(s, KES_BUF_ARGS))
			task_fill_args(s, task);
	}
	procs_enrich_parent(s);
}

static __always_inline void finish_cwd(struct kes_slot *s, const struct task_struct *task)
{
	if (!event_has(s, KES_BUF_CWD))
		path_fill_cwd(s, task);
}

/*
 * Header and strings are neighbours in the slot: one copy. Time and comm wait until here: nothing
 * is judged by them, and most events do not come here.
 */
static __always_inline void finish_emit(struct kes_slot *s, __u32 event)
{
	__u64 len = s->ev.buf_len;
	bool maybe = finish_is_maybe(s);

	if (len > KES_BUF_SPAN)
		len = KES_BUF_SPAN;
	len += sizeof(s->ev);
	s->ev.size = len;
	s->ev.ktime_ns = bpf_ktime_get_boot_ns();
	bpf_get_current_comm(s->ev.comm, sizeof(s->ev.comm));
	s->ev.generation = generation;
	s->ev.cpu = bpf_get_smp_processor_id();
	s->ev.seq = count_seq();
	if (bpf_ringbuf_output(&ring, &s->ev, len, 0)) {
		count(s, event, KES_DROP_RING);
		return;
	}
	count(s, event, KES_EMITTED);
	if (maybe)
		count(s, event, KES_MAYBE);
}

/*
 * The end of every finish program: a tail call that cannot succeed. Since 6.13 a tracing program of
 * more than 64 bytes of stack gets one private stack a CPU, because it cannot run twice there; but
 * as the target of a tail call it can, when hook_X is preempted and again_X comes to it, and then
 * two threads share that stack (seen on 7.3: slots released by the wrong owner). A program that
 * contains a tail call gets no private stack.
 */
#define finish_end(ctx, tail) bpf_tail_call(ctx, tail, KES_NR_TAILS)

_Static_assert(__builtin_offsetof(struct kes_slot, buf) ==
		       __builtin_offsetof(struct kes_slot, ev) + sizeof(struct kes_event),
	       "header and strings are emitted in one piece");

#endif /* KERN_FINISH_H */
