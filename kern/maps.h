/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * maps.h - the sensor's maps and settings. `slots` is in slot.h, `lost` in count.h.
 */
#ifndef KERN_MAPS_H
#define KERN_MAPS_H

#include "wire.h"

/* Records for user space; the loader sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps") __weak;

/* Preallocated: memory may not be allocated in every context that these hooks run in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KES_NR_PROCS);
	__type(key, __u32);
	__type(value, struct kes_proc);
} procs SEC(".maps") __weak;

/*
 * What the generated programs remember of a process. The sensor only deletes from it, and the
 * loader puts the ruleset's own map here; the value is not known, nor needed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} k_pbits SEC(".maps") __weak;

struct exit_key {
	__u64 tgid;
	__u64 start_ns;
};

/* Thread groups whose end was counted, where the kernel does not say who was the last thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct exit_key);
	__type(value, __u8);
} exits SEC(".maps") __weak;

#define EVENT(id, short_, name_, category_, type_, action_) \
	struct {                                            \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);      \
		__uint(max_entries, KES_NR_TAILS);          \
		__type(key, __u32);                         \
		__type(value, __u32);                       \
	} tail_##short_ SEC(".maps") __weak;
#include "schema.def"

/* Settings, written by the loader; defined in process.bpf.c. */
extern __u32 want[KES_NR_EVENTS]; /* OR of KES_WANT(): what generated programs judge */
extern __u32 generation;
extern __u32 self_tgid;
extern bool has_second; /* every hook has two programs: see twice.h */

#define NR_TAKEN 4096         /* a power of two */
extern __u64 taken[NR_TAKEN]; /* of twice.h */

#endif /* KERN_MAPS_H */
