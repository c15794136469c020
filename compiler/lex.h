/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lex.h - the tokens of EQL; private to the front end.
 */
#ifndef COMPILER_LEX_H
#define COMPILER_LEX_H

#include "ast.h"

/* X(id, text): what has no fixed text is described in angle brackets. */
#define LEX_TOKENS(X)                 \
	X(END, "the end of the rule") \
	X(ERROR, "a mistake")         \
	X(IDENT, "a name")            \
	X(QUOTED, "a quoted name")    \
	X(STRING, "a string")         \
	X(INT, "a number")            \
	X(DOUBLE, "a number")         \
	X(LPAREN, "(")                \
	X(RPAREN, ")")                \
	X(LBRACKET, "[")              \
	X(RBRACKET, "]")              \
	X(COMMA, ",")                 \
	X(DOT, ".")                   \
	X(COLON, ":")                 \
	X(QUESTION, "?")              \
	X(BANG, "!")                  \
	X(PIPE, "|")                  \
	X(ASSIGN, "=")                \
	X(EQ, "==")                   \
	X(NE, "!=")                   \
	X(LT, "<")                    \
	X(LE, "<=")                   \
	X(GT, ">")                    \
	X(GE, ">=")                   \
	X(PLUS, "+")                  \
	X(MINUS, "-")                 \
	X(STAR, "*")                  \
	X(SLASH, "/")                 \
	X(PERCENT, "%")               \
	LEX_KEYWORDS(X)

#define LEX_KEYWORDS(X)            \
	X(KW_AND, "and")           \
	X(KW_ANY, "any")           \
	X(KW_BY, "by")             \
	X(KW_FALSE, "false")       \
	X(KW_IN, "in")             \
	X(KW_JOIN, "join")         \
	X(KW_LIKE, "like")         \
	X(KW_MAXSPAN, "maxspan")   \
	X(KW_NOT, "not")           \
	X(KW_NULL, "null")         \
	X(KW_OF, "of")             \
	X(KW_OR, "or")             \
	X(KW_REGEX, "regex")       \
	X(KW_SAMPLE, "sample")     \
	X(KW_SEQUENCE, "sequence") \
	X(KW_TRUE, "true")         \
	X(KW_UNTIL, "until")       \
	X(KW_WHERE, "where")       \
	X(KW_WITH, "with")

enum token_kind {
#define X(id, text) TOKEN_##id,
	LEX_TOKENS(X)
#undef X
};

struct token {
	enum token_kind kind;
	bool fold; /* a `~` follows at once: in~, like~, name~( */
	struct span span;
	struct string str; /* IDENT, QUOTED, STRING: decoded; keywords: as written */
	int64_t i;         /* INT */
	double d;          /* DOUBLE */
};

/* Reads one source from front to back. After the first mistake it yields TOKEN_ERROR for ever. */
struct lexer {
	const struct source *src;
	struct diags *d;
	uint32_t pos;
	bool failed;
};

/* Invalid UTF-8 or a NUL anywhere in the text is reported here. */
void lex_init(struct lexer *lx, const struct source *src, struct diags *d);

/* At TOKEN_ERROR a diagnostic was added. */
struct token lex_next(struct lexer *lx);

const char *token_text(enum token_kind kind);

/* The keyword that a name is in another letter case, or NULL. */
const char *lex_keyword_like(struct string name);

#endif /* COMPILER_LEX_H */
