/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.h - UTF-8 and simple Unicode case folding.
 *
 * Two code points are equal without regard to case iff their simple case foldings (status C and S
 * of Unicode's CaseFolding.txt) are equal. The same tables serve the evaluator and the automata,
 * so that the kernel folds more than ASCII without a special case.
 */
#ifndef COMPILER_FOLD_H
#define COMPILER_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint32_t fold_code_point(uint32_t cp);

#define FOLD_ORBIT_MAX 6

/* All code points with the same folding as cp, itself included; returns how many (>= 1). */
int fold_orbit(uint32_t cp, uint32_t out[FOLD_ORBIT_MAX]);

/* Decode one well-formed code point of at most n bytes; returns its length, 0 if malformed. */
int utf8_decode(const char *s, size_t n, uint32_t *cp);
int utf8_encode(uint32_t cp, char out[4]); /* returns 1-4 */
bool utf8_valid(const char *s, size_t n);

#endif /* COMPILER_FOLD_H */
