/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * path.h - the path of a dentry on its mount, for hooks where bpf_d_path() is not allowed.
 *
 * As d_path() tells it: components up to the root of the task, across mounts. They are met from
 * the last one up, so the path is written backwards into the slot's work space and then appended
 * to the record in one piece.
 *
 * Bounds: PATH_STEPS components and mounts together (PATH_STEPS_EXE for the executable at exec), KES_WINDOW bytes. A path beyond is an error,
 * not a cut string: what is missing is its beginning.
 */
#ifndef KERN_PATH_H
#define KERN_PATH_H

#include "slot.h"

/* Each step costs the verifier about 200 instructions in each program that walks. */
#define PATH_STEPS     128
#define PATH_STEPS_EXE 320 /* at exec, where rules are decided by it */

struct path_walk {
	struct dentry *dentry, *root_dentry;
	struct vfsmount *mnt, *root_mnt;
};

enum path_step { PATH_MORE, PATH_DONE, PATH_FAIL };

static __always_inline __u8 *path_space(struct kes_slot *s)
{
	return &s->buf[KES_BUF_SPAN];
}

/*
 * Put "/name" before what is there. The cursor lives in the string's own `off`: loaded from a map
 * it is an unknown number to the verifier, so that the states of all iterations look alike and
 * the loop costs the sum of its paths, not the product.
 */
static __always_inline enum path_step path_prepend(struct kes_slot *s, __u32 buffer,
						   const struct dentry *dentry)
{
	__u32 at = s->ev.str[buffer].off;
	__u32 len = BPF_CORE_READ(dentry, d_name.len) & (KES_NAME_SPAN - 1);
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);

	if (at < len + 1)
		return PATH_FAIL;
	at -= len + 1;
	s->ev.str[buffer].off = at;
	at &= KES_WINDOW - 1;
	path_space(s)[at] = '/';
	if (bpf_probe_read_kernel(&path_space(s)[at + 1], len, name))
		return PATH_FAIL;
	return PATH_MORE;
}

/* Over a mount point, or done at the root of the namespace. */
static __always_inline enum path_step path_cross(struct path_walk *w)
{
	struct mount *m = (void *)w->mnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *parent = BPF_CORE_READ(m, mnt_parent);

	if (parent == m)
		return PATH_DONE;
	w->dentry = BPF_CORE_READ(m, mnt_mountpoint);
	w->mnt = (void *)parent + bpf_core_field_offset(struct mount, mnt);
	return PATH_MORE;
}

static __always_inline enum path_step path_step(struct kes_slot *s, __u32 buffer,
						struct path_walk *w)
{
	/* Locals: BPF_CORE_READ() takes every arrow of its argument for one into the kernel. */
	const struct dentry *dentry = w->dentry;
	const struct vfsmount *mnt = w->mnt;
	struct dentry *parent;
	enum path_step step;

	if (dentry == w->root_dentry && mnt == w->root_mnt)
		return PATH_DONE;
	if (dentry == BPF_CORE_READ(mnt, mnt_root))
		return path_cross(w);
	parent = BPF_CORE_READ(dentry, d_parent);
	step = path_prepend(s, buffer, dentry);
	/* Its own parent, but not the root of its mount: a memfd, "/memfd:name" as in /proc. */
	if (step == PATH_MORE && parent == dentry)
		return PATH_DONE;
	w->dentry = parent;
	return step;
}

static __always_inline void path_append(struct kes_slot *s, __u32 buffer, struct path_walk *w,
					int steps)
{
	enum path_step step = PATH_MORE;
	__u32 at;

	s->ev.str[buffer].off = KES_WINDOW;
	for (int i = 0; i < steps && step == PATH_MORE; i++)
		step = path_step(s, buffer, w);
	if (step != PATH_DONE) {
		string_fail(s, buffer);
		return;
	}
	at = s->ev.str[buffer].off;
	if (at >= KES_WINDOW) {
		at = KES_WINDOW - 1;
		path_space(s)[at] = '/';
	}
	string_append(s, buffer, &path_space(s)[at], KES_WINDOW - at, KES_STR_PRESENT);
}

/* `path` may be NULL, as that of a task without files or program. */
static __always_inline void path_fill(struct kes_slot *s, __u32 buffer,
				      const struct task_struct *task, const struct path *path,
				      int steps)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct path_walk w = {
		.dentry = BPF_CORE_READ(path, dentry),
		.mnt = BPF_CORE_READ(path, mnt),
		.root_dentry = BPF_CORE_READ(fs, root.dentry),
		.root_mnt = BPF_CORE_READ(fs, root.mnt),
	};

	if (w.dentry)
		path_append(s, buffer, &w, steps);
}

static __always_inline void path_fill_cwd(struct kes_slot *s, const struct task_struct *task)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	if (fs)
		path_fill(s, KES_BUF_CWD, task, &fs->pwd, PATH_STEPS);
}

static __always_inline void path_fill_exe(struct kes_slot *s, const struct task_struct *task,
					  int steps)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);

	if (exe)
		path_fill(s, KES_BUF_EXE, task, &exe->f_path, steps);
}

#endif /* KERN_PATH_H */
