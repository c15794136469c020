// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * inject.bpf.c - records that user space made, judged by the same generated programs as events.
 *
 * hook:    none, runs by BPF_PROG_TEST_RUN only. The programs do not read their context: the loader
 *          may change their type (scheduler classifiers can be repeated and timed from 6.10 on;
 *          generated programs must then have the same type)
 * context: the calling task
 * emits:   the judged header in `inject_result`; returns nr_hits, or INJECT_FAILED
 * loses:   nothing: it counts no event, a failed run is the caller's to report
 *
 * Processes that were already running are judged so, and agreement tests and benchmarks run the
 * generated code by it.
 */
#include "core_types.h"

#include <bpf/bpf_helpers.h>

#include "inject.h"
#include "slot.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct inject_event);
} inject_event SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kes_event);
} inject_result SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, KES_NR_TAILS);
	__type(key, __u32);
	__type(value, __u32);
} tail_inject SEC(".maps");

static __always_inline void inject_copy(struct kes_slot *s, const struct inject_event *in)
{
	__u32 len = in->ev.buf_len;

	if (len > KES_BUF_SPAN)
		len = KES_BUF_SPAN;
	bpf_probe_read_kernel(&s->ev, __builtin_offsetof(struct kes_event, hits), &in->ev);
	bpf_probe_read_kernel(s->buf, len, in->buf);
	s->ev.nr_hits = 0;
}

SEC("raw_tp")
int inject(void *ctx)
{
	__u32 zero = 0;
	struct inject_event *in = bpf_map_lookup_elem(&inject_event, &zero);
	struct kes_event *result = bpf_map_lookup_elem(&inject_result, &zero);
	struct kes_slot *s;

	if (!in || !result)
		return INJECT_FAILED;
	result->version = 0;
	s = slot_claim(in->ev.event);
	if (!s)
		return INJECT_FAILED;
	inject_copy(s, in);
	bpf_tail_call(ctx, &tail_inject, KES_TAIL_DECIDE);
	slot_release(s);
	return INJECT_FAILED;
}

SEC("raw_tp")
int inject_finish(void *ctx)
{
	__u32 zero = 0;
	struct inject_event *in = bpf_map_lookup_elem(&inject_event, &zero);
	struct kes_event *result = bpf_map_lookup_elem(&inject_result, &zero);
	struct kes_slot *s;
	__u32 nr_hits;

	if (!in || !result)
		return INJECT_FAILED;
	s = slot_find(in->ev.event);
	if (!s)
		return INJECT_FAILED;
	nr_hits = s->ev.nr_hits;
	bpf_probe_read_kernel(result, sizeof(*result), &s->ev);
	slot_release(s);
	return nr_hits;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
