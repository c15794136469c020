// SPDX-License-Identifier: Apache-2.0
/* clocks.c - see clocks.h. */
#include "clocks.h"

#include <time.h>

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

int64_t clocks_boot_ns(void)
{
	return now_ns(CLOCK_BOOTTIME);
}

int64_t clocks_wall_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

int64_t clocks_wall_of_boot(uint64_t boot_ns)
{
	return (int64_t)boot_ns + clocks_wall_ns() - clocks_boot_ns();
}
