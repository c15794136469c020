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

/*
 * The state of a walk, behind the work space. Not on the stack: what is loaded from a map is a plain
 * number to the verifier, so that the states of all steps look alike. With typed pointers, or with
 * copies that it knows to be equal, the walk does not pass.
 */
struct path_walk {
	struct dentry *dentry, *root_dentry;
	struct vfsmount *mnt, *root_mnt;
	struct dentry *mnt_root; /* of mnt */
};

enum path_step { PATH_MORE, PATH_DONE, PATH_FAIL };

static __always_inline __u8 *path_space(struct kes_slot *s)
{
	return &s->buf[KES_BUF_SPAN];
}

static __always_inline struct path_walk *path_walk_of(struct kes_slot *s)
{
	_Static_assert(sizeof(struct path_walk) <= KES_NAME_SPAN, "it takes the place of slack");
	return (struct path_walk *)&s->buf[KES_BUF_SPAN + KES_WINDOW];
}

/* Put "/name" before what is there. The cursor is the string's own `off`. */
static __always_inline enum path_step path_prepend(struct kes_slot *s, __u32 buffer,
						   const struct dentry *dentry)
{
	__u32 at = s->ev.str[buffer].off;
	struct qstr name;
	__u32 len;

	/* One call for both members: a call costs more than all else here. */
	if (bpf_probe_read_kernel(&name, sizeof(name), &dentry->d_name))
		return PATH_FAIL;
	len = name.len & (KES_NAME_SPAN - 1);
	if (at < len + 1)
		return PATH_FAIL;
	at -= len + 1;
	s->ev.str[buffer].off = at;
	at &= KES_WINDOW - 1;
	path_space(s)[at] = '/';
	if (bpf_probe_read_kernel(&path_space(s)[at + 1], len, name.name))
		return PATH_FAIL;
	return PATH_MORE;
}

/* Over a mount point, or done at the root of the namespace. */
static __always_inline enum path_step path_cross(struct path_walk *w)
{
	struct vfsmount *mnt;
	struct mount *m = (void *)w->mnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *parent = BPF_CORE_READ(m, mnt_parent);

	if (parent == m)
		return PATH_DONE;
	w->dentry = BPF_CORE_READ(m, mnt_mountpoint);
	mnt = (void *)parent + bpf_core_field_offset(struct mount, mnt);
	w->mnt = mnt;
	w->mnt_root = BPF_CORE_READ(mnt, mnt_root);
	return PATH_MORE;
}

static __always_inline enum path_step path_step(struct kes_slot *s, __u32 buffer,
						struct path_walk *w)
{
	/* Locals: BPF_CORE_READ() takes every arrow of its argument for one into the kernel. */
	const struct dentry *dentry = w->dentry;
	struct dentry *parent;
	enum path_step step;

	if (dentry == w->root_dentry && w->mnt == w->root_mnt)
		return PATH_DONE;
	if (dentry == w->mnt_root)
		return path_cross(w);
	parent = BPF_CORE_READ(dentry, d_parent);
	step = path_prepend(s, buffer, dentry);
	/* Its own parent, but not the root of its mount: a memfd, "/memfd:name" as in /proc. */
	if (step == PATH_MORE && parent == dentry)
		return PATH_DONE;
	w->dentry = parent;
	return step;
}

static __always_inline void path_append(struct kes_slot *s, __u32 buffer, int steps)
{
	struct path_walk *w = path_walk_of(s);
	enum path_step step = PATH_MORE;
	struct vfsmount *mnt = w->mnt;
	__u32 at;

	w->mnt_root = BPF_CORE_READ(mnt, mnt_root);
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

static __always_inline void path_fill_cwd(struct kes_slot *s, const struct task_struct *task)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct path_walk *w = path_walk_of(s);

	if (!fs)
		return;
	w->dentry = BPF_CORE_READ(fs, pwd.dentry);
	w->mnt = BPF_CORE_READ(fs, pwd.mnt);
	w->root_dentry = BPF_CORE_READ(fs, root.dentry);
	w->root_mnt = BPF_CORE_READ(fs, root.mnt);
	path_append(s, KES_BUF_CWD, PATH_STEPS);
}

/* The program of any task. */
static __always_inline void path_fill_exe(struct kes_slot *s, const struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct path_walk *w = path_walk_of(s);

	if (!exe)
		return;
	w->dentry = BPF_CORE_READ(exe, f_path.dentry);
	w->mnt = BPF_CORE_READ(exe, f_path.mnt);
	w->root_dentry = BPF_CORE_READ(fs, root.dentry);
	w->root_mnt = BPF_CORE_READ(fs, root.mnt);
	path_append(s, KES_BUF_EXE, PATH_STEPS);
}

/* The same at exec, deeper, and by direct loads: the verifier knows the task's type there. */
static __always_inline void path_fill_new_exe(struct kes_slot *s, const struct task_struct *task)
{
	const struct file *exe = task->mm->exe_file;
	const struct fs_struct *fs = task->fs;
	struct path_walk *w = path_walk_of(s);

	if (!exe || !fs)
		return;
	w->dentry = exe->f_path.dentry;
	w->mnt = exe->f_path.mnt;
	w->root_dentry = fs->root.dentry;
	w->root_mnt = fs->root.mnt;
	path_append(s, KES_BUF_EXE, PATH_STEPS_EXE);
}

#endif /* KERN_PATH_H */
