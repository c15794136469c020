/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks.h - the boot clock, which events carry, and the wall clock, which people read.
 */
#ifndef USER_CLOCKS_H
#define USER_CLOCKS_H

#include <stdint.h>

#define NS_PER_SECOND 1000000000LL

int64_t clocks_boot_ns(void);
int64_t clocks_wall_ns(void); /* since 1970 */

/* The wall clock at a time of the boot clock, by what both say now. */
int64_t clocks_wall_of_boot(uint64_t boot_ns);

#endif /* USER_CLOCKS_H */
