// SPDX-License-Identifier: Apache-2.0
/*
 * diag.c - diagnostics: collected in order, printed with their place in the source.
 *
 *	rules/x.eql:3:17: error: unknown field "process.nam"
 *	process where process.nam == "x"
 *		      ^~~~~~~~~~~
 *	hint: did you mean "process.name"?
 *
 * Rule text is foreign: whatever could steer a terminal is shown as U+FFFD. Tabs are shown as
 * spaces, and of a long line a window around the place.
 */
#include "diag.h"

#include <stdarg.h>
#include <string.h>

#include "fold.h"

#define TAB_WIDTH     8
#define LINE_MAX_COLS 120 /* of a source line shown */
#define LINE_LEAD     30  /* columns kept before the place when the line is cut */
#define SUGGEST_MAX   64  /* bytes of a word or name; longer ones get no suggestion */

#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define GREEN  "\033[1;32m"
#define BOLD   "\033[1m"
#define RESET  "\033[0m"

void diags_init(struct diags *d, struct arena *arena)
{
	*d = (struct diags){ .arena = arena };
}

static struct diag *__attribute__((format(printf, 4, 0)))
diag_add(struct diags *d, enum diag_level level, struct span span, const char *fmt, va_list ap)
{
	struct diag diag = { .level = level, .span = span };
	char text[1024]; /* a message longer than this is cut: it quotes foreign text */

	vsnprintf(text, sizeof(text), fmt, ap);
	diag.message = arena_strdup(d->arena, text);
	vec_push(d->arena, d->v, d->nr, d->cap, diag);
	d->nr_errors += level == DIAG_ERROR;
	return &d->v[d->nr - 1];
}

struct diag *diag_error(struct diags *d, struct span span, const char *fmt, ...)
{
	struct diag *diag;
	va_list ap;

	va_start(ap, fmt);
	diag = diag_add(d, DIAG_ERROR, span, fmt, ap);
	va_end(ap);
	return diag;
}

struct diag *diag_warn(struct diags *d, struct span span, const char *fmt, ...)
{
	struct diag *diag;
	va_list ap;

	va_start(ap, fmt);
	diag = diag_add(d, DIAG_WARNING, span, fmt, ap);
	va_end(ap);
	return diag;
}

void diag_hint(struct diags *d, struct diag *diag, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag->hint = arena_strdup(d->arena, text);
}

/* Decode one code point for display: a malformed byte counts as one. */
static int decode_any(const char *s, size_t n, uint32_t *cp)
{
	int len = utf8_decode(s, n, cp);

	if (len == 0) {
		*cp = 0xFFFD;
		len = 1;
	}
	return len;
}

void source_locate(const struct source *src, uint32_t offset, uint32_t *line, uint32_t *col)
{
	size_t end = offset < src->len ? offset : src->len;
	uint32_t cp;

	*line = 1;
	*col = 1;
	for (size_t i = 0; i < end;) {
		i += (size_t)decode_any(src->text + i, src->len - i, &cp);
		(*col)++;
		if (cp == '\n') {
			(*line)++;
			*col = 1;
		}
	}
}

/* Control and direction-changing characters do not reach a terminal. */
static bool is_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x061C || cp == 0x200E ||
	       cp == 0x200F || (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) ||
	       cp == 0xFEFF;
}

static void print_code_point(FILE *out, uint32_t cp)
{
	char utf8[4];
	int len = utf8_encode(is_harmful(cp) ? 0xFFFD : cp, utf8);

	fwrite(utf8, 1, (size_t)len, out);
}

static void print_text(FILE *out, const char *text)
{
	size_t len = strlen(text);
	uint32_t cp;

	for (size_t i = 0; i < len;) {
		i += (size_t)decode_any(text + i, len - i, &cp);
		print_code_point(out, cp);
	}
}

/* One line of a source, in display columns from 0. */
struct line {
	const char *text;
	size_t len;
	size_t cols;     /* of the whole line */
	size_t from, to; /* columns of the marked range; from < to */
};

static size_t width_at(uint32_t cp, size_t col)
{
	return cp == '\t' ? TAB_WIDTH - col % TAB_WIDTH : 1;
}

static struct line line_of(const struct span *span)
{
	const struct source *src = span->src;
	size_t begin = span->begin < src->len ? span->begin : src->len;
	size_t end = span->end < src->len ? span->end : src->len;
	size_t first = begin, last = begin, col = 0;
	struct line line = { 0 };
	uint32_t cp;

	while (first > 0 && src->text[first - 1] != '\n')
		first--;
	while (last < src->len && src->text[last] != '\n')
		last++;
	line.text = src->text + first;
	line.len = last - first;
	if (line.len && line.text[line.len - 1] == '\r')
		line.len--;
	for (size_t i = 0; i < line.len; col += width_at(cp, col)) {
		if (first + i <= begin)
			line.from = col;
		if (first + i < end)
			line.to = col + 1;
		i += (size_t)decode_any(line.text + i, line.len - i, &cp);
	}
	line.cols = col;
	if (begin >= first + line.len)
		line.from = col;
	if (line.to <= line.from)
		line.to = line.from + 1;
	return line;
}

static void print_columns(FILE *out, const struct line *line, size_t from, size_t to)
{
	size_t col = 0;
	uint32_t cp;

	for (size_t i = 0; i < line->len && col < to;) {
		size_t width;

		i += (size_t)decode_any(line->text + i, line->len - i, &cp);
		width = width_at(cp, col);
		for (size_t end = col + width; col < end; col++) {
			if (col < from || col >= to)
				continue;
			if (cp == '\t')
				fputc(' ', out);
			else
				print_code_point(out, cp);
		}
	}
}

static void print_caret(FILE *out, size_t indent, size_t width, bool colour)
{
	fprintf(out, "%*s%s^", (int)indent, "", colour ? GREEN : "");
	for (size_t i = 1; i < width; i++)
		fputc('~', out);
	fprintf(out, "%s\n", colour ? RESET : "");
}

static void print_snippet(FILE *out, const struct span *span, bool colour)
{
	struct line line = line_of(span);
	size_t from = 0, to = line.cols;
	size_t lead = 0;

	if (line.cols > LINE_MAX_COLS) {
		if (line.from > LINE_MAX_COLS - LINE_LEAD)
			from = line.from - LINE_LEAD;
		if (to > from + LINE_MAX_COLS)
			to = from + LINE_MAX_COLS;
	}
	if (from > 0) {
		fputs("...", out);
		lead = 3;
	}
	print_columns(out, &line, from, to);
	fputs(to < line.cols ? "...\n" : "\n", out);
	if (line.to > to && line.from < to)
		line.to = to;
	print_caret(out, lead + line.from - from, line.to - line.from, colour);
}

static void print_one(FILE *out, const struct diag *diag, bool colour)
{
	bool error = diag->level == DIAG_ERROR;
	const char *level_colour = error ? RED : YELLOW;
	uint32_t line, col;

	fputs(colour ? BOLD : "", out);
	if (diag->span.src) {
		source_locate(diag->span.src, diag->span.begin, &line, &col);
		print_text(out, diag->span.src->name);
		fprintf(out, ":%u:%u: ", line, col);
	}
	fprintf(out, "%s%s:%s ", colour ? level_colour : "", error ? "error" : "warning",
		colour ? RESET : "");
	print_text(out, diag->message);
	fputc('\n', out);
	if (diag->span.src)
		print_snippet(out, &diag->span, colour);
	if (diag->hint) {
		fputs("hint: ", out);
		print_text(out, diag->hint);
		fputc('\n', out);
	}
}

/* Errors have the first claim on the DIAG_MAX places; all that is shown keeps its order. */
void diag_print(FILE *out, const struct diags *d, bool colour)
{
	size_t room[] = { [DIAG_ERROR] = DIAG_MAX, [DIAG_WARNING] = DIAG_MAX };
	size_t hidden[] = { [DIAG_ERROR] = 0, [DIAG_WARNING] = 0 };

	room[DIAG_WARNING] -= d->nr_errors < DIAG_MAX ? d->nr_errors : DIAG_MAX;
	for (size_t i = 0; i < d->nr; i++) {
		if (room[d->v[i].level] == 0) {
			hidden[d->v[i].level]++;
			continue;
		}
		room[d->v[i].level]--;
		print_one(out, &d->v[i], colour);
	}
	if (hidden[DIAG_ERROR] || hidden[DIAG_WARNING])
		fprintf(out, "not shown: %zu more errors, %zu more warnings\n", hidden[DIAG_ERROR],
			hidden[DIAG_WARNING]);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace and swap neighbours cost 1; case costs 0. */
static unsigned int edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][SUGGEST_MAX + 1];
	unsigned int *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int *spare = before;

		before = above;
		above = row;
		row = spare;
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = min2(min2(above[j], row[j - 1]) + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = min2(row[j], before[j - 2] + 1);
		}
	}
	return row[b_len];
}

const char *suggest(const char *word, const char *const *names, size_t nr)
{
	size_t len = strlen(word);
	unsigned int limit = (unsigned int)(len + 1) / 4;
	unsigned int best;
	const char *found = NULL;

	if (len == 0 || len > SUGGEST_MAX)
		return NULL;
	if (limit < 1)
		limit = 1;
	if (limit > 3)
		limit = 3;
	best = limit + 1;
	for (size_t i = 0; i < nr; i++) {
		size_t name_len = strlen(names[i]);
		unsigned int distance;

		if (name_len > SUGGEST_MAX)
			continue;
		distance = edit_distance(word, len, names[i], name_len);
		if (distance < best) {
			best = distance;
			found = names[i];
		}
	}
	return found;
}
