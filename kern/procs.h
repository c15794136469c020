/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * procs.h - the process records: inherited at fork, written at exec, forgotten at exit.
 */
#ifndef KERN_PROCS_H
#define KERN_PROCS_H

#include "maps.h"
#include "slot.h"

/* The ruleset was not asked: it knows nothing of this process. */
static __always_inline void procs_forget_bits(__u32 tgid)
{
	bpf_map_delete_elem(&k_pbits, &tgid);
}

/*
 * Without a record events of the process are MAYBE, not wrong: whatever could not be judged at
 * fork or exec must not be judged by what the predecessor was.
 */
static __always_inline void procs_forget(__u32 tgid)
{
	bpf_map_delete_elem(&procs, &tgid);
	procs_forget_bits(tgid);
}

/* The child runs its parent's program until it calls exec. It does not run yet: no race. */
static __always_inline void procs_inherit(__u32 from, __u32 tgid, __u64 start_ns, __u32 ppid,
					  __u64 parent_start_ns)
{
	struct kes_proc *p = bpf_map_lookup_elem(&procs, &from);

	/* A record of an earlier process of this number is wrong in any case. */
	if (!p) {
		bpf_map_delete_elem(&procs, &tgid);
		return;
	}
	if (bpf_map_update_elem(&procs, &tgid, p, BPF_ANY)) {
		count_lost(KES_FORK, KES_PROCS_FULL);
		return;
	}
	p = bpf_map_lookup_elem(&procs, &tgid);
	if (!p)
		return;
	p->start_ns = start_ns;
	p->ppid = ppid;
	p->parent_start_ns = parent_start_ns;
}

static __always_inline void procs_copy(struct kes_slot *s, __u32 buffer, struct kes_str *to,
				       char *space, __u32 cap)
{
	const struct kes_str *from = &s->ev.str[buffer];
	__u32 len = from->len;

	to->off = 0;
	to->flags = from->flags;
	if (len > cap) {
		len = cap;
		to->flags |= KES_STR_TRUNC;
	}
	to->len = len;
	bpf_probe_read_kernel(space, len, &s->buf[from->off & (KES_BUF_SPAN - 1)]);
}

/* Record what an exec has filled into its slot. Built in the work space: it exceeds the stack. */
static __always_inline void procs_write(struct kes_slot *s)
{
	struct kes_proc *p = (struct kes_proc *)&s->buf[KES_BUF_SPAN];
	__u32 tgid = s->ev.pid;

	p->start_ns = s->ev.start_ns;
	p->ppid = s->ev.ppid;
	p->parent_start_ns = s->ev.parent_start_ns;
	p->args_count = s->ev.args_count;
	p->exec_ns = bpf_ktime_get_boot_ns();
	procs_copy(s, KES_BUF_EXE, &p->exe, p->exe_buf, KES_PROC_EXE);
	procs_copy(s, KES_BUF_ARGS, &p->args, p->args_buf, KES_PROC_ARGS);
	if (bpf_map_update_elem(&procs, &tgid, p, BPF_ANY))
		count(s, KES_EXEC, KES_PROCS_FULL);
}

static __always_inline void procs_string(struct kes_slot *s, __u32 buffer,
					 const struct kes_str *str, const char *space)
{
	if (!(s->ev.str[buffer].flags & KES_STR_PRESENT) && (str->flags & KES_STR_PRESENT))
		string_append(s, buffer, space, str->len, str->flags);
}

/* The record of that very process, not of an earlier one of its number. */
static __always_inline struct kes_proc *procs_find(__u32 tgid, __s64 start_ns)
{
	struct kes_proc *p = bpf_map_lookup_elem(&procs, &tgid);

	return p && p->start_ns == start_ns ? p : NULL;
}

/* Own program and arguments. False: not known here. */
static __always_inline bool procs_enrich_own(struct kes_slot *s)
{
	struct kes_proc *p = procs_find(s->ev.pid, s->ev.start_ns);

	if (!p) {
		s->ev.flags |= KES_EV_PROC_UNKNOWN;
		return false;
	}
	s->ev.args_count = p->args_count;
	procs_string(s, KES_BUF_EXE, &p->exe, p->exe_buf);
	procs_string(s, KES_BUF_ARGS, &p->args, p->args_buf);
	return true;
}

/*
 * The parent's program and arguments, of the parent that rules were judged by: at fork and exec the
 * one of this moment, later the one of then. That one may have called exec since, or may be gone.
 */
static __always_inline void procs_enrich_parent(struct kes_slot *s)
{
	bool live = s->ev.event == KES_FORK || s->ev.event == KES_EXEC;
	struct kes_proc *own = live ? NULL : procs_find(s->ev.pid, s->ev.start_ns);
	__s64 ppid = s->ev.ppid, parent_start_ns = s->ev.parent_start_ns;
	__u64 judged_ns = ~0ull;
	struct kes_proc *p;

	if (own) {
		ppid = own->ppid;
		parent_start_ns = own->parent_start_ns;
		judged_ns =
			own->exec_ns > (__u64)own->start_ns ? own->exec_ns : (__u64)own->start_ns;
	}
	p = procs_find(ppid, parent_start_ns);
	if (!p || p->exec_ns > judged_ns) {
		s->ev.flags |= KES_EV_PARENT_UNKNOWN;
		return;
	}
	s->ev.parent_args_count = p->args_count;
	procs_string(s, KES_BUF_PARENT_EXE, &p->exe, p->exe_buf);
	procs_string(s, KES_BUF_PARENT_ARGS, &p->args, p->args_buf);
}

#endif /* KERN_PROCS_H */
