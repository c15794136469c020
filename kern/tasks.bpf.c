// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tasks.bpf.c - the processes that run already, with exact start times (/proc has clock ticks).
 *
 * hook:    iter/task, runs when user space reads the iterator; whoami by BPF_PROG_TEST_RUN
 * context: the reading task
 * emits:   struct inject_task for every thread group leader
 * loses:   nothing: the kernel calls again for what did not fit a read
 */
#include "core_types.h"

#include <bpf/bpf_helpers.h>

#include "inject.h"

#define PF_KTHREAD 0x200000 /* include/linux/sched.h */

SEC("iter/task")
int list_tasks(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct inject_task t = { 0 };

	/* A group whose last thread is gone has had its exit event: it must not get a record now. */
	if (!task || task->pid != task->tgid || !task->signal->live.counter)
		return 0;
	t.pid = task->tgid;
	t.start_ns = task->start_boottime;
	t.ppid = task->real_parent->tgid;
	t.parent_start_ns = task->real_parent->group_leader->start_boottime;
	t.uid = task->cred->euid.val;
	t.gid = task->cred->egid.val;
	t.flags = task->flags & PF_KTHREAD ? INJECT_KTHREAD : 0;
	bpf_probe_read_kernel(t.comm, sizeof(t.comm), task->comm);
	bpf_seq_write(seq, &t, sizeof(t));
	return 0;
}

/* The caller's process id as hooks see it: getpid() tells another one in a pid namespace. */
SEC("raw_tp")
int whoami(void *ctx)
{
	return bpf_get_current_pid_tgid() >> 32;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
