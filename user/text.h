/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - bytes that a watched program chose, made safe for JSON and for a terminal.
 */
#ifndef USER_TEXT_H
#define USER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Valid UTF-8: every byte that belongs to no well-formed code point becomes U+FFFD. The caller
 * frees it; NULL when out of memory. *repaired tells whether anything changed.
 */
char *text_utf8(const char *s, size_t len, size_t *out_len, bool *repaired);

#define TEXT_SHOWN_MAX 12

/* One character as a terminal may get it. */
struct shown {
	char text[TEXT_SHOWN_MAX];
	size_t bytes;    /* of text */
	size_t consumed; /* of the input */
	int columns;
};

/*
 * The first character of s (len > 0): itself, or an escape (\n, \x1b, \u{202e}) when it could move
 * the cursor, hide or reorder what is shown, or is not UTF-8.
 */
void text_show(const char *s, size_t len, struct shown *out);

#endif /* USER_TEXT_H */
