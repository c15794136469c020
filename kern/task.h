/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * task.h - what an event takes from its task: identity, credentials, arguments.
 */
#ifndef KERN_TASK_H
#define KERN_TASK_H

#include "slot.h"

/* The task is typed for the verifier: members are loaded directly, without a helper call. */
static __always_inline void task_fill(struct kes_event *ev, const struct task_struct *task)
{
	const struct task_struct *leader = task->group_leader;
	const struct task_struct *parent = leader->real_parent;

	ev->tid = task->pid;
	ev->pid = task->tgid;
	ev->image_pid = task->tgid;
	ev->start_ns = leader->start_boottime;
	ev->ppid = parent->tgid;
	ev->parent_start_ns = parent->group_leader->start_boottime;
	ev->uid = task->cred->euid.val;
	ev->gid = task->cred->egid.val;
}

/* The same by helper calls, for 5.10, which has no typed pointer to the current task. */
static __always_inline void task_fill_probed(struct kes_event *ev, const struct task_struct *task)
{
	const struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	const struct task_struct *parent = BPF_CORE_READ(leader, real_parent);

	ev->tid = BPF_CORE_READ(task, pid);
	ev->pid = BPF_CORE_READ(task, tgid);
	ev->image_pid = ev->pid;
	ev->start_ns = BPF_CORE_READ(leader, start_boottime);
	ev->ppid = BPF_CORE_READ(parent, tgid);
	ev->parent_start_ns = BPF_CORE_READ(parent, group_leader, start_boottime);
	ev->uid = BPF_CORE_READ(task, cred, euid.val);
	ev->gid = BPF_CORE_READ(task, cred, egid.val);
}

static __always_inline void task_fill_current(struct kes_event *ev)
{
	/* 5.11+. The branch not taken is dead code to the verifier and is removed. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		task_fill(ev, (struct task_struct *)bpf_get_current_task_btf());
	else
		task_fill_probed(ev, (struct task_struct *)bpf_get_current_task());
}

/*
 * The arguments of the current task as exec left them, or as the process changed them since.
 * Right after exec the pages are there. Later they may be swapped out, and this context cannot
 * wait for them: that is an error of this string.
 */
static __always_inline void task_fill_args(struct kes_slot *s, const struct task_struct *task)
{
	const struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long start, end, len;
	__u32 flags = KES_STR_PRESENT;

	if (!mm)
		return;
	start = BPF_CORE_READ(mm, arg_start);
	end = BPF_CORE_READ(mm, arg_end);
	len = end - start;
	if (end < start) {
		string_fail(s, KES_BUF_ARGS);
		return;
	}
	if (len > KES_WINDOW) {
		len = KES_WINDOW;
		flags |= KES_STR_TRUNC;
	}
	if (bpf_probe_read_user(&s->buf[string_next(s)], len, (void *)start))
		string_fail(s, KES_BUF_ARGS);
	else
		string_commit(s, KES_BUF_ARGS, len, flags);
}

#endif /* KERN_TASK_H */
