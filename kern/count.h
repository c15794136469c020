/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * count.h - how an event ended. Every event is counted KES_SEEN once and by exactly one END counter.
 *
 * Who owns a slot counts there, without atomics; who has none counts in `lost`, with them.
 */
#ifndef KERN_COUNT_H
#define KERN_COUNT_H

#include "wire.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kes_lost);
} lost SEC(".maps") __weak;

static __always_inline void count(struct kes_slot *s, __u32 event, __u32 counter)
{
	s->count[event][counter]++;
}

static __always_inline void count_lost(__u32 event, __u32 counter)
{
	__u32 key = 0;
	struct kes_lost *l = bpf_map_lookup_elem(&lost, &key);

	if (l)
		__sync_fetch_and_add(&l->count[event][counter], 1);
}

/*
 * Two records of one CPU differ in seq. A program preempted between the add and the load would skip
 * a number and use the next one twice: an add that yields its result needs 5.12.
 */
static __always_inline __u64 count_seq(void)
{
	__u32 key = 0;
	struct kes_lost *l = bpf_map_lookup_elem(&lost, &key);

	if (!l)
		return 0;
	__sync_fetch_and_add(&l->seq, 1);
	return *(volatile __u64 *)&l->seq;
}

#endif /* KERN_COUNT_H */
