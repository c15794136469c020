// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * process.bpf.c - the life of processes: fork, exec, exit.
 *
 * hook:    tp_btf/sched_process_fork, sched_process_exec, sched_process_exit
 * context: fork: the forking task, the child exists but does not run yet
 *          exec: the new image's task, after the point of no return
 *          exit: the last thread of its group, memory already gone on most kernels
 * emits:   process.fork, process.exec, process.exit; threads are no events
 * loses:   DROP_NOSLOT no free slot, DROP_NODECIDE no generated program, DROP_RING ring full;
 *          whatever is lost at fork or exec also forgets the process record
 *
 * Each hook has three programs: hook_X fills and calls the ruleset, finish_X is called by it last,
 * again_X stands in for a preempted hook_X (twice.h).
 */
#include "core_types.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "finish.h"

__u32 want[KES_NR_EVENTS];
__u32 generation;
__u32 self_tgid;
bool has_second;
__u64 taken[NR_TAKEN];

/* Whether sched_process_exit has the parameter group_dead (6.16+); the loader asks BTF. */
const volatile bool exit_has_group_dead = false;

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

static __always_inline void fork_fill(struct kes_event *ev, const struct task_struct *child)
{
	task_fill(ev, child);
	ev->image_pid = bpf_get_current_pid_tgid() >> 32;
}

static __always_inline int on_fork(void *ctx, const struct task_struct *parent,
				   const struct task_struct *child, enum twice which)
{
	const struct task_struct *real_parent = child->real_parent; /* CLONE_PARENT: not `parent` */
	struct kes_slot *s;

	if (child->pid != child->tgid || twice_taken(KES_FORK, which))
		return 0;
	procs_inherit(parent->tgid, child->tgid, child->start_boottime, real_parent->tgid,
		      real_parent->group_leader->start_boottime);
	if (event_is_own(KES_FORK)) {
		procs_forget_bits(child->tgid);
		return 0;
	}
	s = event_begin(KES_FORK);
	if (!s) {
		procs_forget(child->tgid);
		return 0;
	}
	fork_fill(&s->ev, child);
	if (event_wants(KES_FORK, KES_BUF_CWD))
		path_fill_cwd(s, child);
	bpf_tail_call(ctx, &tail_fork, KES_TAIL_DECIDE);
	procs_forget(child->tgid);
	slot_drop_nodecide(s, KES_FORK);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(hook_fork, struct task_struct *parent, struct task_struct *child)
{
	return on_fork(ctx, parent, child, TWICE_FIRST);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(again_fork, struct task_struct *parent, struct task_struct *child)
{
	return on_fork(ctx, parent, child, TWICE_SECOND);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(finish_fork, struct task_struct *parent, struct task_struct *child)
{
	struct kes_slot *s = slot_find(KES_FORK);

	if (!s)
		return 0;
	if (finish_is_candidate(s)) {
		finish_cwd(s, child);
		finish_enrich(s, child);
		finish_emit(s, KES_FORK);
	} else {
		count(s, KES_FORK, KES_FILTERED);
	}
	slot_release(s);
	finish_end(ctx, &tail_fork);
	return 0;
}

static __always_inline int on_exec(void *ctx, const struct task_struct *task,
				   const struct linux_binprm *bprm, enum twice which)
{
	struct kes_slot *s;

	if (twice_taken(KES_EXEC, which))
		return 0;
	if (event_is_own(KES_EXEC)) {
		procs_forget(task->tgid);
		return 0;
	}
	s = event_begin(KES_EXEC);
	if (!s) {
		procs_forget(task->tgid);
		return 0;
	}
	task_fill(&s->ev, task);
	s->ev.args_count = bprm->argc;
	path_fill_new_exe(s, task);
	task_fill_args(s, task);
	procs_write(s);
	if (event_wants(KES_EXEC, KES_BUF_CWD))
		path_fill_cwd(s, task);
	bpf_tail_call(ctx, &tail_exec, KES_TAIL_DECIDE);
	procs_forget(task->tgid);
	slot_drop_nodecide(s, KES_EXEC);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(hook_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return on_exec(ctx, task, bprm, TWICE_FIRST);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(again_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return on_exec(ctx, task, bprm, TWICE_SECOND);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(finish_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct kes_slot *s = slot_find(KES_EXEC);

	if (!s)
		return 0;
	if (finish_is_candidate(s)) {
		finish_cwd(s, task);
		finish_enrich(s, NULL);
		finish_emit(s, KES_EXEC);
	} else {
		count(s, KES_EXEC, KES_FILTERED);
	}
	slot_release(s);
	finish_end(ctx, &tail_exec);
	return 0;
}

/*
 * Without group_dead: the tracepoint comes after this thread was taken off signal->live (5.10 to
 * 6.15 alike), so 0 means that all threads are on their way out. Several of them may read 0 here.
 */
static __always_inline bool exit_is_last(const __u64 *ctx, const struct task_struct *task)
{
	/* A context without group_dead may not be read there: not even in code that never runs. */
	if (exit_has_group_dead)
		return (__u8)ctx[1];
	return !task->signal->live.counter;
}

/*
 * Of several last threads the first one speaks for the group. A thread that was taken off nr_threads
 * may have spoken; it left its run time, so without any there was only one ever.
 */
static __always_inline bool exit_is_first_of_last(const struct task_struct *task)
{
	struct exit_key key;
	__u8 value = 1;

	if (exit_has_group_dead)
		return true;
	if (task->signal->nr_threads <= 1 && !task->signal->sum_sched_runtime)
		return true;
	key.tgid = task->tgid;
	key.start_ns = task->group_leader->start_boottime;
	return bpf_map_update_elem(&exits, &key, &value, BPF_NOEXIST) == 0;
}

/*
 * The status that wait() reports for the group, as a shell tells it. Before 6.0 it is the leader's
 * if every thread ended by itself, and a leader that ends at the same moment as this thread may
 * not have set it yet.
 */
static __always_inline __s64 exit_code(const struct task_struct *task)
{
	__u32 status = task->group_leader->exit_code;

	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		status = task->signal->group_exit_code;
	if (status & 0x7f)
		return 128 + (status & 0x7f);
	return (status >> 8) & 0xff;
}

static __always_inline int on_exit(__u64 *ctx, enum twice which)
{
	const struct task_struct *task = (struct task_struct *)ctx[0];
	struct kes_slot *s;

	if (!exit_is_last(ctx, task) || twice_taken(KES_EXIT, which) ||
	    !exit_is_first_of_last(task))
		return 0;
	if (event_is_own(KES_EXIT))
		return 0;
	s = event_begin(KES_EXIT);
	if (!s) {
		procs_forget(task->tgid);
		return 0;
	}
	task_fill(&s->ev, task);
	s->ev.exit_code = exit_code(task);
	if (event_wants(KES_EXIT, KES_BUF_CWD))
		path_fill_cwd(s, task);
	bpf_tail_call(ctx, &tail_exit, KES_TAIL_DECIDE);
	procs_forget(task->tgid);
	slot_drop_nodecide(s, KES_EXIT);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int hook_exit(__u64 *ctx)
{
	return on_exit(ctx, TWICE_FIRST);
}

SEC("tp_btf/sched_process_exit")
int again_exit(__u64 *ctx)
{
	return on_exit(ctx, TWICE_SECOND);
}

SEC("tp_btf/sched_process_exit")
int finish_exit(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct kes_slot *s = slot_find(KES_EXIT);
	__u32 tgid;

	if (!s)
		return 0;
	if (finish_is_candidate(s)) {
		finish_cwd(s, task);
		finish_enrich(s, NULL);
		finish_emit(s, KES_EXIT);
	} else {
		count(s, KES_EXIT, KES_FILTERED);
	}
	tgid = s->ev.pid;
	bpf_map_delete_elem(&procs, &tgid);
	slot_release(s);
	finish_end(ctx, &tail_exit);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
