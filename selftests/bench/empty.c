// SPDX-License-Identifier: Apache-2.0
/*
 * empty.c - attaches every program of a BPF object and waits for a signal. Runs in VMs only.
 *
 *	empty OBJECT READY-FILE
 *
 * READY-FILE gets the pid once all are attached.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int attach_all(struct bpf_object *object)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, object) {
		if (!bpf_program__attach(p)) {
			fprintf(stderr, "empty: cannot attach %s: %s\n", bpf_program__name(p),
				strerror(errno));
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	FILE *ready;

	if (argc != 3) {
		fprintf(stderr, "usage: empty OBJECT READY-FILE\n");
		return 2;
	}
	object = bpf_object__open(argv[1]);
	if (!object || bpf_object__load(object)) {
		fprintf(stderr, "empty: cannot load %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	if (attach_all(object))
		return 1;
	ready = fopen(argv[2], "we");
	if (!ready || fprintf(ready, "%d\n", getpid()) < 0 || fclose(ready)) {
		perror(argv[2]);
		return 1;
	}
	pause();
	return 0;
}
