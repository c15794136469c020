// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * file.bpf.c - opened files.
 *
 * hook:    fentry/security_file_open: the path is resolved, permissions were checked, LSMs were not
 *          asked yet; O_PATH never comes here
 * context: the opening task (of io_uring: its worker), preemptible
 * emits:   file.open
 * loses:   DROP_NOSLOT no free slot, DROP_NODECIDE no generated program, DROP_RING ring full
 */
#include "core_types.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "finish.h"

/*
 * include/linux/fs.h. The kernel's own opens: of the file below an overlay (the user's open of the
 * same path was an event already), of caches. FMODE_BACKING is 6.5+ and was free before.
 */
#define FMODE_BACKING   0x2000000u
#define FMODE_NOACCOUNT 0x20000000u

static const char deleted[] = " (deleted)";
#define DELETED_LEN (sizeof(deleted) - 1)

/*
 * d_path() marks a file that has no name any more, as O_TMPFILE makes, in the path itself. Only
 * what the kernel has added is taken off, a file may be called so.
 */
static __always_inline __u32 path_without_mark(struct kes_slot *s, const struct dentry *dentry,
					       __u32 len)
{
	char tail[DELETED_LEN];
	__u32 at = string_next(s) + len - DELETED_LEN;

	if (dentry->d_hash.pprev || len < DELETED_LEN)
		return len;
	bpf_probe_read_kernel(tail, DELETED_LEN, &s->buf[at & (KES_BUF_SPAN - 1)]);
	for (int i = 0; i < (int)DELETED_LEN; i++)
		if (tail[i] != deleted[i])
			return len;
	return len - DELETED_LEN;
}

/* The file as the task names it from its root. d_path() gives no partial result. */
static __always_inline void path_fill_file(struct kes_slot *s, struct file *file)
{
	long len = bpf_d_path(&file->f_path, (char *)&s->buf[string_next(s)], KES_WINDOW);

	if (len <= 0 || len > KES_WINDOW) {
		string_fail(s, KES_BUF_PATH);
		return;
	}
	len = path_without_mark(s, file->f_path.dentry, len - 1);
	string_commit(s, KES_BUF_PATH, len, KES_STR_PRESENT);
}

static __always_inline int on_open(void *ctx, struct file *file, enum twice which)
{
	struct kes_slot *s;

	if (file->f_mode & (FMODE_BACKING | FMODE_NOACCOUNT) || twice_taken(KES_OPEN, which))
		return 0;
	if (event_is_own(KES_OPEN))
		return 0;
	s = event_begin(KES_OPEN);
	if (!s)
		return 0;
	task_fill_current(&s->ev);
	if (event_wants(KES_OPEN, KES_BUF_PATH))
		path_fill_file(s, file);
	if (event_wants(KES_OPEN, KES_BUF_CWD))
		path_fill_cwd(s, (struct task_struct *)bpf_get_current_task());
	bpf_tail_call(ctx, &tail_open, KES_TAIL_DECIDE);
	slot_drop_nodecide(s, KES_OPEN);
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(hook_open, struct file *file)
{
	return on_open(ctx, file, TWICE_FIRST);
}

SEC("fentry/security_file_open")
int BPF_PROG(again_open, struct file *file)
{
	return on_open(ctx, file, TWICE_SECOND);
}

SEC("fentry/security_file_open")
int BPF_PROG(finish_open, struct file *file)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct kes_slot *s = slot_find(KES_OPEN);

	if (!s)
		return 0;
	if (finish_is_candidate(s)) {
		if (!event_has(s, KES_BUF_PATH))
			path_fill_file(s, file);
		finish_cwd(s, task);
		finish_enrich(s, task);
		finish_emit(s, KES_OPEN);
	} else {
		count(s, KES_OPEN, KES_FILTERED);
	}
	slot_release(s);
	finish_end(ctx, &tail_open);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
