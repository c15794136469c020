// SPDX-License-Identifier: Apache-2.0
/*
 * text.c - see text.h.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>

#include "../compiler/err.h"
#include "../compiler/fold.h"

struct range {
	uint32_t first, last;
};

/* What a terminal obeys instead of showing, or shows as nothing: controls, bidi, zero width. */
static const struct range hidden[] = {
	{ 0x0, 0x1f },      { 0x7f, 0x9f },     { 0xad, 0xad },       { 0x61c, 0x61c },
	{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

/* Two columns: the East Asian wide blocks and the pictographs, as terminals do. */
static const struct range wide[] = {
	{ 0x1100, 0x115f }, { 0x2e80, 0xa4cf },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool in_ranges(const struct range *v, size_t nr, uint32_t cp)
{
	for (size_t i = 0; i < nr; i++) {
		if (cp >= v[i].first && cp <= v[i].last)
			return true;
	}
	return false;
}

char *text_utf8(const char *s, size_t len, size_t *out_len, bool *repaired)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *out = malloc(3 * len + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	*repaired = false;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		int used = utf8_decode(s + i, len - i, &cp);

		if (used > 0) {
			memcpy(out + n, s + i, (size_t)used);
			n += (size_t)used;
			i += (size_t)used;
		} else {
			memcpy(out + n, replacement, 3);
			n += 3;
			i++;
			*repaired = true;
		}
	}
	out[n] = '\0';
	*out_len = n;
	return out;
}

/* An escape of n characters was written: as many bytes, as many columns. */
static void escaped(struct shown *out, int n)
{
	out->columns = n;
	out->bytes = (size_t)n;
}

void text_show(const char *s, size_t len, struct shown *out)
{
	uint32_t cp;
	int used = utf8_decode(s, len, &cp);

	out->consumed = used > 0 ? (size_t)used : 1;
	if (used <= 0) {
		escaped(out, snprintf(out->text, TEXT_SHOWN_MAX, "\\x%02x", (unsigned char)*s));
	} else if (cp >= '\a' && cp <= '\r') {
		escaped(out, snprintf(out->text, TEXT_SHOWN_MAX, "\\%c", "abtnvfr"[cp - '\a']));
	} else if (in_ranges(hidden, ARRAY_SIZE(hidden), cp) && cp < 0x100) {
		escaped(out, snprintf(out->text, TEXT_SHOWN_MAX, "\\x%02x", cp));
	} else if (in_ranges(hidden, ARRAY_SIZE(hidden), cp)) {
		escaped(out, snprintf(out->text, TEXT_SHOWN_MAX, "\\u{%x}", cp & 0x1fffff));
	} else {
		memcpy(out->text, s, (size_t)used);
		out->bytes = (size_t)used;
		out->columns = in_ranges(wide, ARRAY_SIZE(wide), cp) ? 2 : 1;
	}
}
