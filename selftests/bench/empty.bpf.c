// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * empty.bpf.c - programs that do nothing, at the hooks of the sensor.
 *
 * hook:    as kern/process.bpf.c and kern/file.bpf.c
 * context: the same
 * emits:   nothing
 * loses:   nothing
 *
 * What they cost is the price of being called at all: any sensor at these hooks pays it.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("tp_btf/sched_process_fork")
int empty_fork(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_process_exec")
int empty_exec(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_process_exit")
int empty_exit(void *ctx)
{
	return 0;
}

SEC("fentry/security_file_open")
int empty_open(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
