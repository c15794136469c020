// SPDX-License-Identifier: Apache-2.0
/*
 * ast.c - conditions as text: the dumps of the parse and sema passes, and EQL again.
 */
#include "ast.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "fold.h"

static const char *const kind_names[] = {
	[NODE_NULL] = "null",       [NODE_BOOL] = "bool",     [NODE_INT] = "int",
	[NODE_DOUBLE] = "double",   [NODE_STRING] = "string", [NODE_FIELD] = "field",
	[NODE_COMPARE] = "compare", [NODE_IN] = "in",         [NODE_MATCH] = "match",
	[NODE_NOT] = "not",         [NODE_AND] = "and",       [NODE_OR] = "or",
	[NODE_LEAF] = "leaf",
};

static const char *const op_names[] = {
	[OP_EQ] = "==",         [OP_NE] = "!=", [OP_LT] = "<",      [OP_LE] = "<=",
	[OP_GT] = ">",          [OP_GE] = ">=", [OP_LIKE] = "like", [OP_CONTAINS] = "contains",
	[OP_EXISTS] = "exists",
};

static void print_escape(FILE *out, unsigned char c)
{
	static const char letters[] = "\nn\rr\tt\bb\ff\\\\\"\"";

	for (const char *p = letters; *p; p += 2) {
		if ((unsigned char)p[0] == c) {
			fprintf(out, "\\%c", p[1]);
			return;
		}
	}
	fprintf(out, "\\u{%02x}", c);
}

void string_print(FILE *out, struct string s)
{
	fputc('"', out);
	for (uint32_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c < 0x20 || c == 0x7F || c == '"' || c == '\\')
			print_escape(out, c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* Always with a point or an exponent, so that it reads back as a double. */
static void print_double(FILE *out, double d)
{
	char text[32];

	snprintf(text, sizeof(text), "%.17g", d);
	fprintf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void print_literal(FILE *out, const struct node *leaf, const struct literal *lit)
{
	enum field_type type = fields[leaf->leaf.field].type;

	if (leaf->op == OP_LIKE || leaf->op == OP_CONTAINS || type == TYPE_STR || type == TYPE_LIST)
		string_print(out, lit->s);
	else
		fprintf(out, "%" PRId64, lit->i);
}

/* The parts of a dump line that only some kinds have. */
static void dump_details(FILE *out, const struct node *n)
{
	switch (n->kind) {
	case NODE_BOOL:
		fprintf(out, " %s", n->b ? "true" : "false");
		break;
	case NODE_INT:
		fprintf(out, " %" PRId64, n->i);
		break;
	case NODE_DOUBLE:
		fputc(' ', out);
		print_double(out, n->d);
		break;
	case NODE_STRING:
		fputc(' ', out);
		string_print(out, n->str);
		break;
	case NODE_FIELD:
		fprintf(out, " %s%.*s", n->optional ? "?" : "", (int)n->str.len, n->str.s);
		break;
	case NODE_COMPARE:
		fprintf(out, " %s", op_names[n->op]);
		break;
	case NODE_IN:
		fputs(n->fold ? " ~" : "", out);
		break;
	case NODE_MATCH:
		fprintf(out, " %s%s", op_names[n->op], n->fold ? "~" : "");
		break;
	case NODE_LEAF:
		fprintf(out, " %s %s%s", fields[n->leaf.field].name, op_names[n->op],
			n->fold ? "~" : "");
		for (size_t i = 0; i < n->leaf.nr_lits; i++) {
			fputc(' ', out);
			print_literal(out, n, &n->leaf.lits[i]);
		}
		break;
	default:
		break;
	}
}

void node_dump(FILE *out, const struct node *n, int indent)
{
	fprintf(out, "%*s(%s", 2 * indent, "", kind_names[n->kind]);
	dump_details(out, n);
	for (size_t i = 0; i < n->nr_kids; i++) {
		fputc('\n', out);
		node_dump(out, n->kids[i], indent + 1);
	}
	fputc(')', out);
	if (indent == 0)
		fputc('\n', out);
}

void query_dump(FILE *out, const struct query *q)
{
	fputs("(event ", out);
	if (q->any)
		fputs("any", out);
	else
		string_print(out, q->category);
	fputc('\n', out);
	node_dump(out, q->cond, 1);
	fputs(")\n", out);
}

/* How tightly a printed expression binds. */
enum { BIND_OR, BIND_AND, BIND_NOT, BIND_PRIMARY };

static void print_bound(FILE *out, const struct node *n, int binding);

static void print_joined(FILE *out, const struct node *n, const char *word, int binding)
{
	for (size_t i = 0; i < n->nr_kids; i++) {
		if (i)
			fprintf(out, " %s ", word);
		print_bound(out, n->kids[i], binding + 1);
	}
}

/* `op "a"` or `op ("a", "b")`. */
static void print_literals(FILE *out, const struct node *n, const char *op, bool list)
{
	list = list || n->leaf.nr_lits != 1;
	fprintf(out, " %s%s %s", op, n->fold ? "~" : "", list ? "(" : "");
	for (size_t i = 0; i < n->leaf.nr_lits; i++) {
		fputs(i ? ", " : "", out);
		print_literal(out, n, &n->leaf.lits[i]);
	}
	fputs(list ? ")" : "", out);
}

static bool is_plain_eq(const struct node *n)
{
	return n->op == OP_EQ && n->leaf.nr_lits == 1 && !n->fold;
}

/* Leaves that have a spelling of their own for `not`. */
static bool negates_inline(const struct node *n)
{
	return n->kind == NODE_LEAF && (n->op == OP_EXISTS || n->op == OP_EQ);
}

static void print_leaf(FILE *out, const struct node *n, bool negated)
{
	fputs(fields[n->leaf.field].name, out);
	if (n->op == OP_EXISTS)
		fputs(negated ? " == null" : " != null", out);
	else if (is_plain_eq(n))
		print_literals(out, n, negated ? "!=" : "==", false);
	else if (n->op == OP_EQ)
		print_literals(out, n, negated ? "not in" : "in", true);
	else
		print_literals(out, n, op_names[n->op], false);
}

/* Parsed kinds and constants are printed as they are dumped: node_print() is for typed trees. */
static void print_node(FILE *out, const struct node *n)
{
	switch (n->kind) {
	case NODE_BOOL:
		fputs(n->b ? "true" : "false", out);
		break;
	case NODE_LEAF:
		print_leaf(out, n, false);
		break;
	case NODE_NOT:
		if (negates_inline(n->kids[0])) {
			print_leaf(out, n->kids[0], true);
			break;
		}
		fputs("not ", out);
		print_bound(out, n->kids[0], BIND_NOT);
		break;
	case NODE_AND:
		print_joined(out, n, "and", BIND_AND);
		break;
	case NODE_OR:
		print_joined(out, n, "or", BIND_OR);
		break;
	default:
		fputs(kind_names[n->kind], out);
		dump_details(out, n);
		break;
	}
}

static int binding_of(const struct node *n)
{
	switch (n->kind) {
	case NODE_OR:
		return BIND_OR;
	case NODE_AND:
		return BIND_AND;
	case NODE_NOT:
		return BIND_NOT;
	default:
		return BIND_PRIMARY;
	}
}

static void print_bound(FILE *out, const struct node *n, int binding)
{
	bool parens = binding_of(n) < binding;

	fputs(parens ? "(" : "", out);
	print_node(out, n);
	fputs(parens ? ")" : "", out);
}

void node_print(FILE *out, const struct node *n)
{
	print_node(out, n);
}
