/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfs.h - the strings of a running process, as the sensor would have read them at its exec.
 */
#ifndef USER_PROCFS_H
#define USER_PROCFS_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../kern/inject.h"

/*
 * Fill the buffers EXE, ARGS and CWD of a record and its args_count from /proc/pid. What cannot be
 * read is marked KES_STR_ERROR; what a kernel thread does not have is left absent.
 * Paths are those that the process itself would see: without a mark for deleted files, and below
 * its root. Returns 0, or -ESRCH when the process is gone (the record is then half filled).
 */
int procfs_fill(struct inject_event *out, pid_t pid, int kernel_thread);

#endif /* USER_PROCFS_H */
