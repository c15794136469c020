// SPDX-License-Identifier: Apache-2.0
/*
 * ruleset_all.bpf.c - a ruleset object written by hand: every event is a hit.
 *
 * It looks to the loader like what the compiler makes: sections, map names, tail calls. Exec has
 * two stages, so that the chain is tested too. Two hits an event: predicate 0, MAYBE when the
 * process was not judged at its exec; and the length of its executable as it was judged then.
 */
#include "../../kern/core_types.h"

#include <bpf/bpf_helpers.h>

#include "../../kern/wire.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KES_NR_SLOTS);
	__type(key, __u32);
	__type(value, struct kes_slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KES_NR_PROCS);
	__type(key, __u32);
	__type(value, __u32);
} k_pbits SEC(".maps");

#define EVENT(id, short_, name_, category_, type_, action_) \
	struct {                                            \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);      \
		__uint(max_entries, KES_NR_TAILS);          \
		__type(key, __u32);                         \
		__type(value, __u32);                       \
	} tail_##short_ SEC(".maps");
#include "../../kern/schema.def"

static __always_inline struct kes_slot *find(__u32 event)
{
	__u64 me = bpf_get_current_pid_tgid() + 1;

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

static __always_inline void give_up(struct kes_slot *s, __u32 event)
{
	s->nodecide++;
	s->count[event][KES_DROP_NODECIDE]++;
	s->owner = 0;
	__sync_fetch_and_add(&s->claim, -1);
}

static __always_inline void hit(struct kes_slot *s)
{
	__u32 image = s->ev.image_pid;
	__u32 *bits = bpf_map_lookup_elem(&k_pbits, &image);

	s->ev.hits[0] = bits ? 0 : KES_HIT_MAYBE;
	s->ev.hits[1] = bits ? *bits : 0;
	s->ev.nr_hits = 2;
}

SEC("kestrel/process.fork")
int fork_0(void *ctx)
{
	struct kes_slot *s = find(KES_FORK);
	__u32 image, pid, copy;
	__u32 *bits;

	if (!s)
		return 0;
	image = s->ev.image_pid;
	pid = s->ev.pid;
	bits = bpf_map_lookup_elem(&k_pbits, &image);
	if (bits) {
		copy = *bits;
		bpf_map_update_elem(&k_pbits, &pid, &copy, BPF_ANY);
	} else {
		bpf_map_delete_elem(&k_pbits, &pid);
	}
	hit(s);
	bpf_tail_call(ctx, &tail_fork, KES_TAIL_FINISH);
	give_up(s, KES_FORK);
	return 0;
}

SEC("kestrel/process.exec")
int exec_0(void *ctx)
{
	struct kes_slot *s = find(KES_EXEC);
	__u32 pid, len;

	if (!s)
		return 0;
	pid = s->ev.pid;
	len = s->ev.str[KES_BUF_EXE].len;
	bpf_map_update_elem(&k_pbits, &pid, &len, BPF_ANY);
	bpf_tail_call(ctx, &tail_exec, KES_TAIL_DECIDE + 1);
	give_up(s, KES_EXEC);
	return 0;
}

SEC("kestrel/process.exec")
int exec_1(void *ctx)
{
	struct kes_slot *s = find(KES_EXEC);

	if (!s)
		return 0;
	hit(s);
	bpf_tail_call(ctx, &tail_exec, KES_TAIL_FINISH);
	give_up(s, KES_EXEC);
	return 0;
}

SEC("kestrel/process.exit")
int exit_0(void *ctx)
{
	struct kes_slot *s = find(KES_EXIT);
	__u32 pid;

	if (!s)
		return 0;
	hit(s);
	pid = s->ev.pid;
	bpf_map_delete_elem(&k_pbits, &pid);
	bpf_tail_call(ctx, &tail_exit, KES_TAIL_FINISH);
	give_up(s, KES_EXIT);
	return 0;
}

SEC("kestrel/file.open")
int open_0(void *ctx)
{
	struct kes_slot *s = find(KES_OPEN);

	if (!s)
		return 0;
	hit(s);
	bpf_tail_call(ctx, &tail_open, KES_TAIL_FINISH);
	give_up(s, KES_OPEN);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
