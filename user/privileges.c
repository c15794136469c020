// SPDX-License-Identifier: Apache-2.0
/*
 * privileges.c - see privileges.h. Asked before anything is loaded, because the kernel's own answer
 * is a bare EPERM.
 */
#include "privileges.h"

#include <linux/capability.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

#define BIT(cap) (1ULL << (cap))

uint64_t privileges_effective(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t caps = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			break;
	}
	if (f)
		fclose(f);
	return caps;
}

const char *privileges_missing(uint64_t effective)
{
	const bool bpf = effective & BIT(CAP_BPF), perfmon = effective & BIT(CAP_PERFMON);

	/* CAP_SYS_ADMIN contains both since they were split from it. */
	if (effective & BIT(CAP_SYS_ADMIN) || (bpf && perfmon))
		return NULL;
	if (!bpf && !perfmon)
		return "CAP_BPF and CAP_PERFMON";
	return bpf ? "CAP_PERFMON" : "CAP_BPF";
}

bool privileges_check(void)
{
	const char *missing = privileges_missing(privileges_effective());

	if (!missing)
		return true;
	log_error("cannot load eBPF programs: Permission denied (missing: %s)", missing);
	log_hint("run as root, or: setcap cap_bpf,cap_perfmon+ep /path/to/kestrel");
	return false;
}
