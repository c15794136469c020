/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front.h - for the unit tests of the front end: a text through a pass, and the result as text.
 *
 * Results live in the arena of the struct front; every test begins with front_new().
 */
#ifndef SELFTESTS_UNIT_FRONT_H
#define SELFTESTS_UNIT_FRONT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../compiler/err.h"
#include "../../compiler/eval.h"
#include "../../compiler/fold.h"
#include "../../compiler/frontend.h"
#include "../../compiler/rule.h"

struct front {
	struct arena *arena;
	struct diags d;
};

static inline void front_freep(struct front *f)
{
	arena_free(f->arena);
}

#define autofront __attribute__((cleanup(front_freep))) struct front

static inline struct front front_new(void)
{
	struct front f = { .arena = arena_new() };

	diags_init(&f.d, f.arena);
	return f;
}

/* Forget the diagnostics of the texts before. */
static inline void front_reset(struct front *f)
{
	diags_init(&f->d, f->arena);
}

static inline struct source *front_source(struct front *f, const char *text)
{
	return source_new(f->arena, "t.eql", text, strlen(text));
}

/* What a printer wrote between open and take; released with the arena. */
struct capture {
	FILE *out;
	char *text;
	size_t len;
};

static inline void capture_open(struct capture *c)
{
	*c = (struct capture){ 0 };
	c->out = open_memstream(&c->text, &c->len);
	assert_non_null(c->out);
}

static inline const char *capture_take(struct capture *c, struct front *f)
{
	const char *text;

	assert_int_equal(fclose(c->out), 0);
	text = arena_strndup(f->arena, c->text, c->len);
	free(c->text);
	return text;
}

static inline const char *front_diags(struct front *f)
{
	struct capture c;

	capture_open(&c);
	diag_print(c.out, &f->d, false);
	return capture_take(&c, f);
}

static inline const char *front_lex(struct front *f, const char *text)
{
	struct capture c;

	front_reset(f);
	capture_open(&c);
	lex_dump(c.out, front_source(f, text), &f->d);
	return capture_take(&c, f);
}

static inline const char *front_parse(struct front *f, const char *text)
{
	struct capture c;
	struct query *q;

	front_reset(f);
	q = parse_query(front_source(f, text), &f->d);
	if (!q)
		return front_diags(f);
	capture_open(&c);
	query_dump(c.out, q);
	return capture_take(&c, f);
}

/* The typed query, or NULL. */
static inline struct query *front_query(struct front *f, const char *text)
{
	struct query *q;

	front_reset(f);
	q = parse_query(front_source(f, text), &f->d);
	return q && sema_run(q, &f->d) ? q : NULL;
}

/* The typed condition in one line of EQL, or the diagnostics. */
static inline const char *front_sema(struct front *f, const char *text)
{
	struct query *q = front_query(f, text);
	struct capture c;

	if (!q)
		return front_diags(f);
	capture_open(&c);
	node_print(c.out, q->cond);
	return capture_take(&c, f);
}

/* The message of the first diagnostic; fails when there is none. */
static inline const char *front_first(struct front *f)
{
	assert_true(f->d.nr > 0);
	return f->d.v[0].message;
}

static inline void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

#endif /* SELFTESTS_UNIT_FRONT_H */
