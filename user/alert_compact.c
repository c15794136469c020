// SPDX-License-Identifier: Apache-2.0
/*
 * alert_compact.c - an alert as one line for people, see alert.h:
 *
 *   12:00:00.123 HIGH      Rule name · exec · python3(312) < bash(300) · python3 -c import…
 *
 * in:         an alert
 * out:        one line; what the watched program chose cannot move the cursor, start a line or
 *             hide in it
 * invariants: cut at `columns` by what is visible; colours count nothing and are always closed
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../compiler/err.h"
#include "alert.h"
#include "clocks.h"
#include "severity.h"
#include "text.h"

#define BOLD  "\033[1m"
#define DIM   "\033[2m"
#define RESET "\033[0m"

struct line {
	FILE *out;
	bool colour;
	bool cut; /* an ellipsis was written: nothing may follow */
	int left; /* visible columns, the ellipsis's included */
};

static void put(struct line *l, const char *s, size_t len)
{
	while (len > 0 && !l->cut) {
		struct shown c;

		text_show(s, len, &c);
		if (c.columns > l->left - 1) {
			fputs("…", l->out);
			l->cut = true;
			return;
		}
		fwrite(c.text, 1, c.bytes, l->out);
		l->left -= c.columns;
		s += c.consumed;
		len -= c.consumed;
	}
}

static void put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static void put_coloured(struct line *l, const char *colour, const char *s)
{
	if (l->colour)
		fputs(colour, l->out);
	put_str(l, s);
	if (l->colour)
		fputs(RESET, l->out);
}

static const struct string *first(const struct event *e, enum field_id id)
{
	return e->seen[id].nr_strs > 0 ? &e->seen[id].strs[0] : NULL;
}

static void put_process(struct line *l, const struct string *name, int64_t pid)
{
	char number[32];

	if (name)
		put(l, name->s, name->len);
	else
		put_str(l, "?");
	snprintf(number, sizeof(number), "(%" PRId64 ")", pid);
	put_str(l, number);
}

static void put_time(struct line *l, int64_t wall_ns)
{
	const time_t seconds = wall_ns / NS_PER_SECOND;
	struct tm tm = { 0 };
	char text[32];
	size_t n;

	localtime_r(&seconds, &tm);
	n = strftime(text, sizeof(text), "%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03d ", (int)(wall_ns / 1000000 % 1000));
	put_coloured(l, DIM, text);
}

static void put_detail(struct line *l, const struct event *e)
{
	const struct string *detail = first(e, FIELD_FILE_PATH);

	if (!detail)
		detail = first(e, FIELD_PROCESS_COMMAND_LINE);
	if (!detail)
		detail = first(e, FIELD_PROCESS_EXECUTABLE);
	if (!detail)
		return;
	put_str(l, " · ");
	put(l, detail->s, detail->len);
}

static void put_all(struct line *l, const struct alert *a)
{
	const struct event *e = a->event;

	put_time(l, a->wall_ns);
	put_coloured(l, severity_colour(a->rule->severity), severity_label(a->rule->severity));
	put_str(l, a->verdict == VERDICT_UNDECIDED ? " ? " : "   ");
	put_coloured(l, BOLD, a->rule->name);
	put_str(l, " · ");
	put_str(l, event_kinds[e->ev->event].action);
	put_str(l, " · ");
	put_process(l, first(e, FIELD_PROCESS_NAME), e->ev->pid);
	put_str(l, " < ");
	put_process(l, first(e, FIELD_PARENT_NAME), e->ev->ppid);
	put_detail(l, e);
}

char *alert_compact(const struct alert *a, const struct alert_style *style)
{
	autofree char *text = NULL;
	size_t len = 0;
	struct line l = {
		.out = open_memstream(&text, &len),
		.colour = style->colour,
		.left = style->columns > 0 ? style->columns : INT32_MAX,
	};
	bool failed;

	if (!l.out)
		return NULL;
	put_all(&l, a);
	fputc('\n', l.out);
	failed = ferror(l.out) != 0;
	failed |= fclose(l.out) != 0;
	return failed ? NULL : TAKE(text);
}
