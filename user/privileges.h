/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privileges.h - what this process may do.
 */
#ifndef USER_PRIVILEGES_H
#define USER_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

/* Bits by capability number; 0 when it cannot be read. */
uint64_t privileges_effective(void);

/* NULL when BPF programs of the sensor's kind may be loaded, else the capabilities that miss. */
const char *privileges_missing(uint64_t effective);

/* Log what misses and how to get it; false when something does. */
bool privileges_check(void);

#endif /* USER_PRIVILEGES_H */
