/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wire.h - what the sensor, the generated programs and user space agree on: the ids of schema.def,
 * the event record, the scratch slot it is built in, the process record.
 *
 * Needs __u8 ... __u64 and __s64: include <linux/types.h> (or core_types.h in BPF) before it.
 */
#ifndef KERN_WIRE_H
#define KERN_WIRE_H

enum kes_event_id {
#define EVENT(id, short_, name, category, type, action) KES_##id,
#include "schema.def"
	KES_NR_EVENTS,
};

enum kes_buffer {
#define BUFFER(id, name) KES_BUF_##id,
#include "schema.def"
	KES_NR_BUFFERS,
};

enum kes_counter {
#define COUNTER(id, name, sign) KES_##id,
#include "schema.def"
	KES_NR_COUNTERS,
};

/* Which events have a field (last column of schema.def). */
#define KES_ON_ALL  ((1u << KES_NR_EVENTS) - 1)
#define KES_ON_EXIT (1u << KES_EXIT)
#define KES_ON_FILE (1u << KES_OPEN)

/*
 * The window: the longest string that the kernel reads and judges, in bytes. A longer one is marked
 * KES_STR_TRUNC, and every atom that its unread rest could change is undecided.
 */
#define KES_WINDOW    4096
#define KES_BUF_SPAN  16384 /* string bytes of one record; a power of two: offsets are masked */
#define KES_NAME_SPAN 256   /* a path component with its '/'; a power of two */

#define KES_STR_PRESENT 1u /* it has a value */
#define KES_STR_TRUNC   2u /* cut at the window: the rest is unknown */
#define KES_STR_ERROR   4u /* reading it failed: the value is unknown */

/*
 * A string of the record. Paths are stored without a NUL. ARGS and PARENT_ARGS hold every argument
 * with its NUL; when cut, the last one has none.
 */
struct kes_str {
	__u16 off; /* into buf, < KES_BUF_SPAN */
	__u16 len; /* bytes, <= KES_WINDOW */
	__u32 flags;
};

#define KES_HITS_MAX 64

/* A hit names a predicate by its number in the ruleset object. */
#define KES_HIT_MAYBE 0x80000000u

/* ev.flags */
#define KES_EV_ALL_MAYBE      1u /* the hit list is not complete: judge every predicate of this event */
#define KES_EV_PROC_UNKNOWN   2u /* no process record: the process started before the sensor */
#define KES_EV_PARENT_UNKNOWN 4u

/*
 * The record as it goes through the ring: this header, then buf_len bytes of strings.
 * Numbers that rules may test are __s64, so that the generated code has one kind of load.
 * Times: bpf_ktime_get_boot_ns() where the kernel has it (5.8), so that suspend counts.
 */
struct kes_event {
	__u16 version;    /* KES_WIRE_VERSION */
	__u16 event;      /* enum kes_event_id */
	__u32 size;       /* of the whole record: this header and the strings */
	__u32 generation; /* of the ruleset that judged it */
	__u32 flags;
	__u64 ktime_ns;
	__u64 seq; /* per CPU, counts emitted records from 1 */
	__u32 cpu;
	__u32 tid;       /* at fork the new process's, else the acting thread's */
	__s64 pid;       /* tgid */
	__s64 image_pid; /* whose program image it runs: at fork the forking tgid, else pid */
	__s64 start_ns;  /* start_boottime of the group leader */
	__s64 ppid;      /* tgid of the real parent */
	__s64 parent_start_ns;
	__s64 uid; /* effective */
	__s64 gid; /* effective */
	__s64 args_count;
	__s64 parent_args_count;
	__s64 exit_code; /* as wait() would tell: the exit status, or 128 + signal */
	char comm[16];
	struct kes_str str[KES_NR_BUFFERS];
	__u32 nr_hits;
	__u32 buf_len;
	__u32 hits[KES_HITS_MAX];
};

#define KES_WIRE_VERSION 1

/*
 * A scratch slot. The `slots` map is per CPU with KES_NR_SLOTS entries; an event owns one from its
 * hook program through the generated programs to emit. Ownership: `claim` is raised by an atomic
 * add, and who then reads exactly 1 owns the slot; who reads more takes its add back and tries the
 * next. That is safe against nesting and against preemption, and needs no atomic with a result,
 * which 5.10 does not have. A tail-called program finds its slot again by (owner, ev.event).
 */
#define KES_NR_SLOTS 6

struct kes_slot {
	__u64 claim;
	__u64 owner;    /* bpf_get_current_pid_tgid() + 1, 0 while free */
	__u64 nodecide; /* a generated program could not tail call on; written by generated code */
	__u64 count[KES_NR_EVENTS][KES_NR_COUNTERS]; /* exact without atomics: the slot is owned */
	struct kes_event ev;
	/* Behind the span: slack for off + len, and the sensor's work space with a component more. */
	__u8 buf[KES_BUF_SPAN + KES_WINDOW + KES_NAME_SPAN];
};

/*
 * What a CPU counts without owning a slot (map `lost`, per CPU, one entry), by atomic adds: events
 * of Kestrel itself, events that got no slot.
 */
struct kes_lost {
	__u64 count[KES_NR_EVENTS][KES_NR_COUNTERS];
	__u64 seq; /* records emitted on this CPU */
};

/* The parts of a record that hooks fill only on demand: want[event] is an OR of these. */
#define KES_WANT(buffer) (1u << (buffer))

/*
 * What the sensor keeps of a process (map `procs`, key: tgid). The strings serve alerts and the
 * evaluation in user space; what the kernel decides by is decided once at exec, on the full window.
 */
#define KES_PROC_EXE  256
#define KES_PROC_ARGS 512

struct kes_proc {
	__s64 start_ns;
	__s64 ppid;
	__s64 parent_start_ns;
	__s64 args_count;
	__u64 exec_ns;       /* when this image was seen to start; 0: read from /proc */
	struct kes_str exe;  /* off is 0; len <= KES_PROC_EXE */
	struct kes_str args; /* off is 0; len <= KES_PROC_ARGS */
	char exe_buf[KES_PROC_EXE];
	char args_buf[KES_PROC_ARGS];
};

#define KES_NR_PROCS 16384

/*
 * The slots of a hook's program array `tail_<short>`: the sensor's own last stage, then the
 * generated programs in order.
 */
#define KES_TAIL_FINISH 0
#define KES_TAIL_DECIDE 1
#define KES_NR_TAILS    33

#ifndef __bpf__
_Static_assert(sizeof(struct kes_event) % 8 == 0, "no hidden padding");
_Static_assert(sizeof(struct kes_slot) <= 32768, "per-CPU values are at most 32 KiB");
_Static_assert((KES_BUF_SPAN & (KES_BUF_SPAN - 1)) == 0, "offsets are masked");
#endif

#endif /* KERN_WIRE_H */
