// SPDX-License-Identifier: Apache-2.0
/*
 * parse.c - EQL text to a tree, by recursive descent.
 *
 * In: a source. Out: the query with the condition as written, or a diagnostic. The parser stops at
 * the first mistake of a rule. Runs of `and` and `or` become one node with many kids, so the depth
 * of a tree is bounded by NESTING_MAX, whatever its size.
 */
#include <string.h>
#include <strings.h>

#include "err.h"
#include "frontend.h"
#include "lex.h"

#define NESTING_MAX    200 /* of parentheses and `not` */
#define FIELD_NAME_MAX 256 /* bytes */

struct parser {
	struct lexer lx;
	struct token tok;  /* the next one */
	uint32_t prev_end; /* where the last one taken ended */
	struct diags *d;
	struct arena *arena;
	unsigned int depth;
};

static const char *const function_names[] = {
	"add",       "arrayContains", "arrayCount", "arraySearch", "between", "cidrMatch",
	"concat",    "divide",        "endsWith",   "indexOf",     "length",  "match",
	"modulo",    "multiply",      "number",     "startsWith",  "string",  "stringContains",
	"substring", "subtract",      "wildcard",
};

static void advance(struct parser *p)
{
	p->prev_end = p->tok.span.end;
	p->tok = lex_next(&p->lx);
}

static bool accept(struct parser *p, enum token_kind kind)
{
	if (p->tok.kind != kind)
		return false;
	advance(p);
	return true;
}

static bool at_word(const struct parser *p, const char *word)
{
	return p->tok.kind == TOKEN_IDENT && strcmp(p->tok.str.s, word) == 0;
}

/* The end of the text is shown behind the last token, not below trailing comments. */
static struct span error_span(const struct parser *p)
{
	struct span span = p->tok.span;

	if (p->tok.kind == TOKEN_END)
		span.begin = span.end = p->prev_end;
	return span;
}

#define SHOWN_MAX 40 /* bytes of a token that a message repeats */

static const char *token_shown(const struct parser *p)
{
	const struct span *span = &p->tok.span;
	uint32_t len = span->end - span->begin;

	if (p->tok.kind == TOKEN_END)
		return token_text(TOKEN_END);
	if (len > SHOWN_MAX)
		return token_text(p->tok.kind);
	return arena_printf(p->arena, "`%.*s`", (int)len, span->src->text + span->begin);
}

static void hint_unexpected(struct parser *p, struct diag *e)
{
	const char *keyword = NULL;

	if (p->tok.kind == TOKEN_IDENT)
		keyword = lex_keyword_like(p->tok.str);
	if (keyword)
		diag_hint(p->d, e, "keywords are lower case: `%s`", keyword);
	else if (p->tok.kind == TOKEN_ASSIGN)
		diag_hint(p->d, e, "write `==` to compare");
	else if (p->tok.kind == TOKEN_BANG)
		diag_hint(p->d, e, "write `not`");
}

/* Nothing is added after a mistake of the lexer, which has reported it. */
static void *unexpected(struct parser *p, const char *wanted)
{
	struct diag *e;

	if (p->tok.kind == TOKEN_ERROR)
		return NULL;
	e = diag_error(p->d, error_span(p), "expected %s, not %s", wanted, token_shown(p));
	hint_unexpected(p, e);
	return NULL;
}

static void *unsupported(struct parser *p, struct span span, const char *what)
{
	if (p->tok.kind != TOKEN_ERROR)
		diag_error(p->d, span, "%s not supported", what);
	return NULL;
}

static struct node *node_new(struct parser *p, enum node_kind kind, struct span span)
{
	struct node *n = arena_new_of(p->arena, struct node);

	n->kind = kind;
	n->span = span;
	return n;
}

static void add_kid(struct parser *p, struct node *n, struct node *kid)
{
	vec_push(p->arena, n->kids, n->nr_kids, n->cap_kids, kid);
	if (kid->span.begin < n->span.begin)
		n->span.begin = kid->span.begin;
	if (kid->span.end > n->span.end)
		n->span.end = kid->span.end;
}

static struct node *parse_or(struct parser *p);

/* Count one level of nesting; false when there are too many. */
static bool enter(struct parser *p)
{
	struct diag *e;

	if (++p->depth <= NESTING_MAX)
		return true;
	e = diag_error(p->d, error_span(p), "nested too deeply");
	diag_hint(p->d, e, "at most %d levels of parentheses and `not`", NESTING_MAX);
	return false;
}

/* A constant from the current token. */
static struct node *take_constant(struct parser *p, enum node_kind kind)
{
	struct node *n = node_new(p, kind, p->tok.span);

	if (kind == NODE_BOOL)
		n->b = p->tok.kind == TOKEN_KW_TRUE;
	else if (kind == NODE_INT)
		n->i = p->tok.i;
	else if (kind == NODE_DOUBLE)
		n->d = p->tok.d;
	else if (kind == NODE_STRING)
		n->str = p->tok.str;
	advance(p);
	return n;
}

/* ('+'|'-') number; 9223372036854775808 is a double, and stays exact when negated */
static struct node *parse_signed(struct parser *p)
{
	struct span sign = p->tok.span;
	bool minus = p->tok.kind == TOKEN_MINUS;
	struct node *n;

	advance(p);
	if (p->tok.kind != TOKEN_INT && p->tok.kind != TOKEN_DOUBLE)
		return unsupported(p, sign, "arithmetic is");
	n = take_constant(p, p->tok.kind == TOKEN_INT ? NODE_INT : NODE_DOUBLE);
	n->span.begin = sign.begin;
	if (minus && n->kind == NODE_INT)
		n->i = -n->i;
	else if (minus)
		n->d = -n->d;
	return n;
}

/* name ['~'] '(' : every function is known by name, none is supported yet */
static struct node *reject_function(struct parser *p, const struct token *name)
{
	const char *near;
	struct diag *e;

	if (p->tok.kind == TOKEN_ERROR)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(function_names); i++) {
		if (strcasecmp(name->str.s, function_names[i]) == 0) {
			diag_error(p->d, name->span, "the function %s is not supported",
				   function_names[i]);
			return NULL;
		}
	}
	e = diag_error(p->d, name->span, "unknown function \"%s\"", name->str.s);
	near = suggest(name->str.s, function_names, ARRAY_SIZE(function_names));
	if (near)
		diag_hint(p->d, e, "did you mean %s?", near);
	return NULL;
}

static struct node *unexpected_name(struct parser *p)
{
	const char *keyword = p->tok.str.s;
	struct diag *e;

	if (!keyword || p->tok.kind == TOKEN_ERROR)
		return unexpected(p, "a name");
	e = diag_error(p->d, p->tok.span, "expected a name, not the keyword `%s`", keyword);
	diag_hint(p->d, e, "a field of that name is written `%s`, in back-quotes", keyword);
	return NULL;
}

/* field := ident {'.' ident}; the first ident is taken already */
static struct node *parse_field(struct parser *p, const struct token *first, bool optional)
{
	struct node *n = node_new(p, NODE_FIELD, first->span);

	n->optional = optional;
	n->str = first->str;
	while (accept(p, TOKEN_DOT)) {
		if (p->tok.kind != TOKEN_IDENT && p->tok.kind != TOKEN_QUOTED)
			return unexpected_name(p);
		n->str.s = arena_printf(p->arena, "%s.%s", n->str.s, p->tok.str.s);
		n->str.len = (uint32_t)strlen(n->str.s);
		n->span.end = p->tok.span.end;
		if (n->str.len > FIELD_NAME_MAX) {
			diag_error(p->d, n->span, "this field name is too long");
			return NULL;
		}
		advance(p);
	}
	if (p->tok.kind == TOKEN_LBRACKET) {
		unsupported(p, p->tok.span, "a list index is");
		return NULL;
	}
	return n;
}

/* 'descendant' 'of' item | 'child' 'of' item | func '(' … ')' | field */
static struct node *parse_named(struct parser *p, bool optional)
{
	struct token name = p->tok;
	struct span span = name.span;

	if (name.kind != TOKEN_IDENT && name.kind != TOKEN_QUOTED)
		return unexpected_name(p);
	advance(p);
	if (name.kind == TOKEN_IDENT && p->tok.kind == TOKEN_KW_OF) {
		span.end = p->tok.span.end;
		return unsupported(p, span, arena_printf(p->arena, "`%s of` is", name.str.s));
	}
	if (name.kind == TOKEN_IDENT && p->tok.kind == TOKEN_LPAREN)
		return reject_function(p, &name);
	if (name.fold) {
		diag_error(p->d, name.span, "`~` stands behind a function or an operator");
		return NULL;
	}
	return parse_field(p, &name, optional);
}

/* '(' expr ')' */
static struct node *parse_parens(struct parser *p)
{
	struct span open = p->tok.span;
	struct node *n;

	advance(p);
	if (!enter(p))
		return NULL;
	n = parse_or(p);
	if (!n)
		return NULL;
	p->depth--;
	if (p->tok.kind != TOKEN_RPAREN)
		return unexpected(p, "`)` or an operator");
	n->span.begin = open.begin;
	n->span.end = p->tok.span.end;
	advance(p);
	return n;
}

/* primary := const | func '(' … ')' | ['?'] field | '(' expr ')' */
static struct node *parse_primary(struct parser *p)
{
	struct span mark = p->tok.span;
	struct node *n;

	switch (p->tok.kind) {
	case TOKEN_KW_NULL:
		return take_constant(p, NODE_NULL);
	case TOKEN_KW_TRUE:
	case TOKEN_KW_FALSE:
		return take_constant(p, NODE_BOOL);
	case TOKEN_INT:
		return take_constant(p, NODE_INT);
	case TOKEN_DOUBLE:
		return take_constant(p, NODE_DOUBLE);
	case TOKEN_STRING:
		return take_constant(p, NODE_STRING);
	case TOKEN_PLUS:
	case TOKEN_MINUS:
		return parse_signed(p);
	case TOKEN_LPAREN:
		return parse_parens(p);
	case TOKEN_QUESTION:
		advance(p);
		n = parse_named(p, true);
		if (n)
			n->span.begin = mark.begin;
		return n;
	case TOKEN_IDENT:
	case TOKEN_QUOTED:
		return parse_named(p, false);
	default:
		return unexpected(p, "a field, a value or `(`");
	}
}

/* '(' elem {',' elem} ')' onto the kids of n */
static bool parse_list(struct parser *p, struct node *n)
{
	do {
		struct node *kid;

		advance(p); /* '(' or ',' */
		if (p->tok.kind == TOKEN_RPAREN) {
			unexpected(p, "a value");
			return false;
		}
		kid = parse_primary(p);
		if (!kid)
			return false;
		add_kid(p, n, kid);
	} while (p->tok.kind == TOKEN_COMMA);
	if (p->tok.kind != TOKEN_RPAREN) {
		unexpected(p, "`,` or `)`");
		return false;
	}
	n->span.end = p->tok.span.end;
	advance(p);
	return true;
}

/* ('in'|'in~') '(' expr {',' expr} ')' */
static struct node *parse_in(struct parser *p, struct node *what)
{
	struct node *n = node_new(p, NODE_IN, what->span);

	n->fold = p->tok.fold;
	add_kid(p, n, what);
	advance(p);
	if (p->tok.kind != TOKEN_LPAREN)
		return unexpected(p, "`(` and a list of values");
	return parse_list(p, n) ? n : NULL;
}

/* (':'|'like'|'like~'|'contains'|'contains~') (const | '(' const {',' const} ')') */
static struct node *parse_match(struct parser *p, struct node *what, enum op op, bool fold)
{
	struct node *n = node_new(p, NODE_MATCH, what->span);
	struct node *kid;

	n->op = op;
	n->fold = fold;
	add_kid(p, n, what);
	advance(p);
	if (p->tok.kind == TOKEN_LPAREN)
		return parse_list(p, n) ? n : NULL;
	kid = parse_primary(p);
	if (!kid)
		return NULL;
	add_kid(p, n, kid);
	return n;
}

static struct node *parse_not_in(struct parser *p, struct node *what)
{
	struct node *in, *n;

	advance(p);
	if (p->tok.kind != TOKEN_KW_IN)
		return unexpected(p, "`in`");
	in = parse_in(p, what);
	if (!in)
		return NULL;
	n = node_new(p, NODE_NOT, in->span);
	add_kid(p, n, in);
	return n;
}

static bool is_arithmetic(enum token_kind kind)
{
	return kind == TOKEN_PLUS || kind == TOKEN_MINUS || kind == TOKEN_STAR ||
	       kind == TOKEN_SLASH || kind == TOKEN_PERCENT;
}

/* primary [['not'] in-list | match] */
static struct node *parse_operand(struct parser *p)
{
	struct node *n = parse_primary(p);

	if (!n)
		return NULL;
	if (is_arithmetic(p->tok.kind))
		return unsupported(p, p->tok.span, "arithmetic is");
	if (at_word(p, "contains"))
		return parse_match(p, n, OP_CONTAINS, p->tok.fold);
	switch (p->tok.kind) {
	case TOKEN_KW_NOT:
		return parse_not_in(p, n);
	case TOKEN_KW_IN:
		return parse_in(p, n);
	case TOKEN_COLON:
		return parse_match(p, n, OP_LIKE, true);
	case TOKEN_KW_LIKE:
		return parse_match(p, n, OP_LIKE, p->tok.fold);
	case TOKEN_KW_REGEX:
		return unsupported(p, p->tok.span, "`regex` is");
	default:
		return n;
	}
}

static bool comparison_op(enum token_kind kind, enum op *op)
{
	static const struct {
		enum token_kind kind;
		enum op op;
	} ops[] = {
		{ TOKEN_EQ, OP_EQ }, { TOKEN_NE, OP_NE }, { TOKEN_LT, OP_LT },
		{ TOKEN_LE, OP_LE }, { TOKEN_GT, OP_GT }, { TOKEN_GE, OP_GE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (ops[i].kind == kind) {
			*op = ops[i].op;
			return true;
		}
	}
	return false;
}

/* cmp := operand [('=='|'!='|'<'|'<='|'>'|'>=') operand] */
static struct node *parse_comparison(struct parser *p)
{
	struct node *left = parse_operand(p);
	struct node *right, *n;
	struct diag *e;
	enum op op;

	if (!left || !comparison_op(p->tok.kind, &op))
		return left;
	advance(p);
	right = parse_operand(p);
	if (!right)
		return NULL;
	n = node_new(p, NODE_COMPARE, left->span);
	n->op = op;
	add_kid(p, n, left);
	add_kid(p, n, right);
	if (!comparison_op(p->tok.kind, &op))
		return n;
	e = diag_error(p->d, p->tok.span, "comparisons cannot be chained");
	diag_hint(p->d, e, "write two comparisons joined by `and`");
	return NULL;
}

/* 'not' expr | cmp */
static struct node *parse_not(struct parser *p)
{
	struct node *n, *kid;

	if (p->tok.kind != TOKEN_KW_NOT)
		return parse_comparison(p);
	n = node_new(p, NODE_NOT, p->tok.span);
	advance(p);
	if (!enter(p))
		return NULL;
	kid = parse_not(p);
	if (!kid)
		return NULL;
	p->depth--;
	add_kid(p, n, kid);
	return n;
}

/* A run of operands joined by one of the two connectives. */
static struct node *parse_run(struct parser *p, enum token_kind word, enum node_kind kind,
			      struct node *(*parse_kid)(struct parser *))
{
	struct node *first = parse_kid(p);
	struct node *n;

	if (!first || p->tok.kind != word)
		return first;
	n = node_new(p, kind, first->span);
	add_kid(p, n, first);
	while (accept(p, word)) {
		struct node *kid = parse_kid(p);

		if (!kid)
			return NULL;
		add_kid(p, n, kid);
	}
	return n;
}

static struct node *parse_and(struct parser *p)
{
	return parse_run(p, TOKEN_KW_AND, NODE_AND, parse_not);
}

/* expr := 'not' expr | expr 'and' expr | expr 'or' expr | cmp */
static struct node *parse_or(struct parser *p)
{
	return parse_run(p, TOKEN_KW_OR, NODE_OR, parse_and);
}

/* any | IDENT | STRING | RAWSTRING */
static bool parse_category(struct parser *p, struct query *q)
{
	const struct token *t = &p->tok;

	if (t->kind == TOKEN_END && p->prev_end == 0) {
		diag_hint(p->d, diag_error(p->d, error_span(p), "the rule is empty"),
			  "write a query such as: process where process.name == \"nc\"");
		return false;
	}
	if (t->kind == TOKEN_KW_SEQUENCE || t->kind == TOKEN_KW_SAMPLE ||
	    t->kind == TOKEN_KW_JOIN) {
		unsupported(p, t->span, arena_printf(p->arena, "a %s is", token_text(t->kind)));
		return false;
	}
	if (t->kind == TOKEN_KW_ANY && !t->fold)
		q->any = true;
	else if ((t->kind != TOKEN_IDENT || t->fold) && t->kind != TOKEN_STRING) {
		unexpected(p, "an event category (process, file, any, ...)");
		return false;
	}
	q->category = t->str;
	q->category_span = t->span;
	q->span = t->span;
	advance(p);
	return true;
}

/* eventQuery := category 'where' expr */
static bool parse_event_query(struct parser *p, struct query *q)
{
	if (!parse_category(p, q))
		return false;
	if (!accept(p, TOKEN_KW_WHERE)) {
		unexpected(p, "`where`");
		return false;
	}
	q->cond = parse_or(p);
	if (!q->cond)
		return false;
	q->span.end = q->cond->span.end;
	return true;
}

/* statement := query ('|' pipe)* */
struct query *parse_query(const struct source *src, struct diags *d)
{
	struct parser p = { .d = d, .arena = d->arena };
	struct query *q = arena_new_of(d->arena, struct query);

	lex_init(&p.lx, src, d);
	p.tok = lex_next(&p.lx);
	if (!parse_event_query(&p, q))
		return NULL;
	if (p.tok.kind == TOKEN_PIPE)
		return unsupported(&p, p.tok.span, "a pipe is");
	if (p.tok.kind != TOKEN_END)
		return unexpected(&p, "`and`, `or` or the end of the rule");
	return q;
}
