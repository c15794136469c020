// SPDX-License-Identifier: Apache-2.0
/*
 * inventory.c - how many BPF programs, maps, links and types the kernel holds, and how many of
 * them are pinned.
 *
 * out: "programs N maps N links N types N pins N"
 */
#include <linux/bpf.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned int nr_pins;

static unsigned int count(const char *what, enum bpf_cmd get_next_id)
{
	union bpf_attr attr;
	unsigned int n = 0;

	memset(&attr, 0, sizeof(attr));
	while (syscall(SYS_bpf, get_next_id, &attr, sizeof(attr)) == 0) {
		attr.start_id = attr.next_id;
		n++;
	}
	if (errno != ENOENT) {
		fprintf(stderr, "inventory: cannot count %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return n;
}

static int count_pin(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)st;
	nr_pins += type != FTW_D || at->level > 0;
	return 0;
}

int main(void)
{
	printf("programs %u", count("programs", BPF_PROG_GET_NEXT_ID));
	printf(" maps %u", count("maps", BPF_MAP_GET_NEXT_ID));
	printf(" links %u", count("links", BPF_LINK_GET_NEXT_ID));
	printf(" types %u", count("types", BPF_BTF_GET_NEXT_ID));
	if (nftw("/sys/fs/bpf", count_pin, 8, FTW_PHYS)) {
		perror("inventory: /sys/fs/bpf");
		return 1;
	}
	printf(" pins %u\n", nr_pins);
	return 0;
}
