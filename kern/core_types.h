/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * core_types.h - the few kernel members that the sensor reads.
 *
 * Not the kernel's layout: libbpf rewrites every access to the running kernel's offsets (CO-RE) by
 * the names of struct and member. The types are what all of 5.10 to 7.x agree on.
 */
#ifndef KERN_CORE_TYPES_H
#define KERN_CORE_TYPES_H

#include <linux/bpf.h>
#include <stdbool.h>

#define NULL ((void *)0)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

struct cred {
	kuid_t euid;
	kgid_t egid;
};

/* Whole, and little-endian: it is read in one piece. */
struct qstr {
	__u32 hash;
	__u32 len;
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	struct path f_path;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start;
	unsigned long arg_end;
};

struct signal_struct {
	atomic_t live;
	int nr_threads;
	unsigned long long sum_sched_runtime;
	int group_exit_code;
	unsigned int flags;
};

struct task_struct {
	int pid;
	int tgid;
	int exit_code;
	unsigned int flags;
	__u64 start_boottime;
	char comm[16];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	const struct cred *cred;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct signal_struct *signal;
};

struct linux_binprm {
	int argc;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif /* KERN_CORE_TYPES_H */
