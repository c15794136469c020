// SPDX-License-Identifier: Apache-2.0
/*
 * lex.c - EQL text to tokens.
 *
 * In: a source; it must be UTF-8. Out: one token after the other, strings decoded into the arena.
 * Forms of the older dialect, and operators of other languages, are rejected here or in the parser
 * with what to write instead. The lexer stops at its first mistake.
 */
#include "lex.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "fold.h"
#include "frontend.h"

#define QUOTE_SHOWN 40 /* bytes of a string that a hint repeats */

static const char *const token_texts[] = {
#define X(id, text) [TOKEN_##id] = (text),
	LEX_TOKENS(X)
#undef X
};

static const struct {
	const char *text;
	enum token_kind kind;
} keywords[] = {
#define X(id, text) { (text), TOKEN_##id },
	LEX_KEYWORDS(X)
#undef X
};

const char *token_text(enum token_kind kind)
{
	return token_texts[kind];
}

static bool is_ident_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_ident(char c)
{
	return (is_ident_start(c) && c != '@') || is_digit(c);
}

/* The text is NUL-terminated, so that looking ahead one byte at a time is safe. */
static const char *here(const struct lexer *lx)
{
	return lx->src->text + lx->pos;
}

static bool at(const struct lexer *lx, const char *text)
{
	return strncmp(here(lx), text, strlen(text)) == 0;
}

static struct span span_from(const struct lexer *lx, uint32_t begin)
{
	return (struct span){ .src = lx->src, .begin = begin, .end = lx->pos };
}

static struct span span_at(const struct lexer *lx, uint32_t begin, uint32_t len)
{
	return (struct span){ .src = lx->src, .begin = begin, .end = begin + len };
}

/* Report and make the failure last. */
#define lex_fail(lx, span, ...) ((lx)->failed = true, diag_error((lx)->d, (span), __VA_ARGS__))

void lex_init(struct lexer *lx, const struct source *src, struct diags *d)
{
	uint32_t cp, pos = 0;

	*lx = (struct lexer){ .src = src, .d = d };
	if (src->len >= 3 && memcmp(src->text, "\xEF\xBB\xBF", 3) == 0)
		lx->pos = 3;
	while (pos < src->len) {
		int len = utf8_decode(src->text + pos, src->len - pos, &cp);

		if (len == 0 || cp == 0) {
			lex_fail(lx, span_at(lx, pos, 1), "byte 0x%02x: a rule is UTF-8 text",
				 (unsigned char)src->text[pos]);
			return;
		}
		pos += (uint32_t)len;
	}
}

static void skip_line(struct lexer *lx)
{
	while (lx->pos < lx->src->len && *here(lx) != '\n')
		lx->pos++;
}

static bool skip_block_comment(struct lexer *lx)
{
	uint32_t begin = lx->pos;
	size_t depth = 0;

	do {
		if (lx->pos >= lx->src->len) {
			lex_fail(lx, span_at(lx, begin, 2), "this comment is not closed");
			return false;
		}
		if (at(lx, "/*")) {
			depth++;
			lx->pos += 2;
		} else if (at(lx, "*/")) {
			depth--;
			lx->pos += 2;
		} else {
			lx->pos++;
		}
	} while (depth);
	return true;
}

static bool skip_blank(struct lexer *lx)
{
	for (;;) {
		char c = *here(lx);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			lx->pos++;
		else if (c == '#' || at(lx, "//"))
			skip_line(lx);
		else if (at(lx, "/*")) {
			if (!skip_block_comment(lx))
				return false;
		} else
			return true;
	}
}

/* A string that grows to at most the bytes of the text it is read from. */
struct builder {
	char *s;
	uint32_t len;
};

static void put_code_point(struct builder *b, uint32_t cp)
{
	b->len += (uint32_t)utf8_encode(cp, b->s + b->len);
}

/* \u{2-8 hex digits}; pos is at the `u`. */
static bool read_unicode_escape(struct lexer *lx, struct builder *b)
{
	uint32_t begin = lx->pos - 1;
	uint64_t cp = 0;
	int nr = 0;
	struct diag *e;

	lx->pos++;
	if (*here(lx) == '{') {
		lx->pos++;
		for (; nr < 9 && isxdigit((unsigned char)*here(lx)); nr++, lx->pos++)
			cp = cp << 4 | (uint64_t)strtoul((char[]){ *here(lx), 0 }, NULL, 16);
		if (nr >= 2 && nr <= 8 && *here(lx) == '}') {
			lx->pos++;
			if (cp <= 0x10FFFF && (cp < 0xD800 || cp >= 0xE000)) {
				put_code_point(b, (uint32_t)cp);
				return true;
			}
			lex_fail(lx, span_from(lx, begin), "%s",
				 cp > 0x10FFFF ? "there is no such code point: the last is 10FFFF"
					       : "a surrogate is not a character");
			return false;
		}
	}
	e = lex_fail(lx, span_from(lx, begin), "malformed Unicode escape");
	diag_hint(lx->d, e, "write 2 to 8 hexadecimal digits in braces: \\u{e9}");
	return false;
}

/* pos is behind the backslash. */
static bool read_escape(struct lexer *lx, struct builder *b)
{
	static const char escapes[] = "n\nr\rt\tb\bf\f\\\\\"\"''";
	char c = *here(lx);
	uint32_t cp;
	int len;
	struct diag *e;

	if (c == 'u')
		return read_unicode_escape(lx, b);
	for (const char *p = escapes; *p && c; p += 2) {
		if (*p == c) {
			b->s[b->len++] = p[1];
			lx->pos++;
			return true;
		}
	}
	len = utf8_decode(here(lx), lx->src->len - lx->pos, &cp);
	e = lex_fail(lx, span_at(lx, lx->pos - 1, 1 + (uint32_t)len), "unknown escape sequence");
	diag_hint(lx->d, e,
		  "a backslash itself is written \\\\; or use a raw string: \"\"\"...\"\"\"");
	return false;
}

/* An upper bound of the decoded length: an escape is never shorter than what it stands for. */
static size_t string_room(const char *s)
{
	size_t n = 0;

	for (; s[n] && s[n] != '"' && s[n] != '\n' && s[n] != '\r'; n++)
		n += s[n] == '\\' && s[n + 1];
	return n;
}

/* STRING := '"' (escape | any but '"', '\' and line ends)* '"' */
static bool read_string(struct lexer *lx, struct string *out)
{
	uint32_t begin = lx->pos++;
	struct builder b = { .s = arena_alloc(lx->d->arena, string_room(here(lx))) };

	for (;;) {
		char c = *here(lx);

		if (lx->pos >= lx->src->len || c == '\n' || c == '\r') {
			lex_fail(lx, span_from(lx, begin), "this string is not closed");
			return false;
		}
		lx->pos++;
		if (c == '"')
			break;
		if (c != '\\')
			b.s[b.len++] = c;
		else if (!read_escape(lx, &b))
			return false;
	}
	*out = (struct string){ .s = b.s, .len = b.len };
	return true;
}

/* RAWSTRING := '"""' any but line ends, as few as possible '"""' '"'? '"'? */
static bool read_raw_string(struct lexer *lx, struct string *out)
{
	uint32_t begin = lx->pos;
	uint32_t first = begin + 3;

	for (lx->pos = first; !at(lx, "\"\"\""); lx->pos++) {
		if (lx->pos >= lx->src->len || *here(lx) == '\n' || *here(lx) == '\r') {
			lex_fail(lx, span_from(lx, begin), "this raw string is not closed");
			return false;
		}
	}
	lx->pos += 3;
	for (int i = 0; i < 2 && *here(lx) == '"'; i++)
		lx->pos++;
	out->len = lx->pos - 3 - first;
	out->s = arena_strndup(lx->d->arena, lx->src->text + first, out->len);
	return true;
}

static size_t quoted_room(const char *s)
{
	size_t n = 0;

	for (; s[n] && s[n] != '\n' && s[n] != '\r' && (s[n] != '`' || s[n + 1] == '`'); n++)
		n += s[n] == '`';
	return n;
}

/* QUOTED := '`' (any but '`' and line ends | '``')+ '`' */
static bool read_quoted(struct lexer *lx, struct string *out)
{
	uint32_t begin = lx->pos++;
	char *s = arena_alloc(lx->d->arena, quoted_room(here(lx)));
	uint32_t len = 0;

	for (;;) {
		char c = *here(lx);

		if (lx->pos >= lx->src->len || c == '\n' || c == '\r') {
			lex_fail(lx, span_from(lx, begin), "this quoted name is not closed");
			return false;
		}
		lx->pos++;
		if (c == '`' && *here(lx) != '`')
			break;
		if (c == '`')
			lx->pos++;
		s[len++] = c;
	}
	if (len == 0) {
		lex_fail(lx, span_from(lx, begin), "a name cannot be empty");
		return false;
	}
	*out = (struct string){ .s = s, .len = len };
	return true;
}

/* '…', ?"…" and ?'…' of the older dialect: pos is at the first byte of it. */
static void reject_old_string(struct lexer *lx)
{
	uint32_t begin = lx->pos;
	bool raw = *here(lx) == '?';
	uint32_t open = begin + raw;
	char quote = lx->src->text[open];
	size_t room = strcspn(lx->src->text + open + 1, "\r\n");
	const char *text = lx->src->text + open + 1;
	const char *close = memchr(text, quote, room);
	size_t len = close ? (size_t)(close - text) : 0;
	struct diag *e;

	lx->pos = close ? open + 2 + (uint32_t)len : open + 1;
	e = lex_fail(lx, span_from(lx, begin), "%s strings are not part of the language",
		     raw ? "?-quoted raw" : "single-quoted");
	if (!close || len > QUOTE_SHOWN || memchr(text, '"', len) ||
	    (!raw && memchr(text, '\\', len)))
		diag_hint(lx->d, e, "%s", raw ? "write \"\"\"...\"\"\"" : "write \"...\"");
	else
		diag_hint(lx->d, e, raw ? "write \"\"\"%.*s\"\"\"" : "write \"%.*s\"", (int)len,
			  text);
}

/*
 * INT := digit+	DOUBLE := digit+ '.' digit* [exp] | '.' digit+ [exp] | digit+ exp
 * An integer that does not fit 64 bits is a double.
 */
static bool read_number(struct lexer *lx, struct token *t)
{
	uint32_t begin = lx->pos;
	const char *text = here(lx);
	size_t len = strspn(text, "0123456789");
	bool integer = true;
	size_t exponent;

	if (text[len] == '.') {
		integer = false;
		len += 1 + strspn(text + len + 1, "0123456789");
	}
	exponent = len + 1;
	if (text[len] == 'e' || text[len] == 'E') {
		exponent += text[exponent] == '+' || text[exponent] == '-';
		if (is_digit(text[exponent])) {
			integer = false;
			len = exponent + strspn(text + exponent, "0123456789");
		}
	}
	lx->pos += (uint32_t)len;
	errno = 0;
	t->kind = TOKEN_INT;
	t->i = integer ? strtoll(text, NULL, 10) : 0;
	if (integer && errno == 0)
		return true;
	t->kind = TOKEN_DOUBLE;
	t->d = strtod(text, NULL);
	if (isinf(t->d)) {
		lex_fail(lx, span_from(lx, begin), "this number is too large");
		return false;
	}
	return true;
}

static bool takes_tilde(enum token_kind kind)
{
	return kind == TOKEN_IDENT || kind == TOKEN_KW_IN || kind == TOKEN_KW_LIKE ||
	       kind == TOKEN_KW_REGEX;
}

/* ident := [A-Za-z_@][A-Za-z0-9_]*, perhaps a keyword, perhaps with a `~` behind it */
static void read_ident(struct lexer *lx, struct token *t)
{
	uint32_t begin = lx->pos;

	do {
		lx->pos++;
	} while (is_ident(*here(lx)));
	t->kind = TOKEN_IDENT;
	t->str.len = lx->pos - begin;
	t->str.s = arena_strndup(lx->d->arena, lx->src->text + begin, t->str.len);
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strcmp(t->str.s, keywords[i].text) == 0)
			t->kind = keywords[i].kind;
	}
	if (*here(lx) == '~' && takes_tilde(t->kind)) {
		t->fold = true;
		lx->pos++;
	}
}

const char *lex_keyword_like(struct string name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strlen(keywords[i].text) == name.len &&
		    strncasecmp(keywords[i].text, name.s, name.len) == 0)
			return keywords[i].text;
	}
	return NULL;
}

/* Longer ones stand before those they begin with. */
static const enum token_kind punctuation[] = {
	TOKEN_EQ,       TOKEN_NE,    TOKEN_LE,    TOKEN_GE,      TOKEN_LT,       TOKEN_GT,
	TOKEN_ASSIGN,   TOKEN_BANG,  TOKEN_PIPE,  TOKEN_LPAREN,  TOKEN_RPAREN,   TOKEN_LBRACKET,
	TOKEN_RBRACKET, TOKEN_COMMA, TOKEN_DOT,   TOKEN_COLON,   TOKEN_QUESTION, TOKEN_PLUS,
	TOKEN_MINUS,    TOKEN_STAR,  TOKEN_SLASH, TOKEN_PERCENT,
};

/* What authors write who think of another language. */
static const struct {
	const char *text, *instead;
} foreign[] = {
	{ "&&", "and" },          { "||", "or" },           { "<>", "!=" },
	{ "\xE2\x80\x9C", "\"" }, { "\xE2\x80\x9D", "\"" }, { "\xE2\x80\x98", "\"" },
	{ "\xE2\x80\x99", "\"" },
};

static bool reject_foreign(struct lexer *lx)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		uint32_t len = (uint32_t)strlen(foreign[i].text);
		struct diag *e;

		if (!at(lx, foreign[i].text))
			continue;
		e = lex_fail(lx, span_at(lx, lx->pos, len), "`%s` is not part of the language",
			     foreign[i].text);
		diag_hint(lx->d, e, "write `%s`", foreign[i].instead);
		return true;
	}
	return false;
}

static void reject_character(struct lexer *lx)
{
	uint32_t cp = 0;
	int len = utf8_decode(here(lx), lx->src->len - lx->pos, &cp);
	struct span span = span_at(lx, lx->pos, (uint32_t)len);

	if (cp == '$')
		lex_fail(lx, span, "variables ($name) are not supported");
	else if (cp == '~')
		lex_fail(lx, span, "`~` stands directly behind in, like, regex or a function");
	else if (cp >= 0x20 && cp < 0x7F)
		lex_fail(lx, span, "unexpected character `%c`", (char)cp);
	else
		lex_fail(lx, span, "unexpected character U+%04X", cp);
}

static void read_punctuation(struct lexer *lx, struct token *t)
{
	if (reject_foreign(lx))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(punctuation); i++) {
		if (at(lx, token_texts[punctuation[i]])) {
			t->kind = punctuation[i];
			lx->pos += (uint32_t)strlen(token_texts[punctuation[i]]);
			return;
		}
	}
	reject_character(lx);
}

static void read_token(struct lexer *lx, struct token *t)
{
	const char *p = here(lx);

	if (at(lx, "\"")) {
		t->kind = TOKEN_STRING;
		if (at(lx, "\"\"\""))
			read_raw_string(lx, &t->str);
		else
			read_string(lx, &t->str);
	} else if (*p == '\'' || (*p == '?' && (p[1] == '\'' || p[1] == '"'))) {
		reject_old_string(lx);
	} else if (*p == '`') {
		t->kind = TOKEN_QUOTED;
		read_quoted(lx, &t->str);
	} else if (is_digit(*p) || (*p == '.' && is_digit(p[1]))) {
		read_number(lx, t);
	} else if (is_ident_start(*p)) {
		read_ident(lx, t);
	} else {
		read_punctuation(lx, t);
	}
}

struct token lex_next(struct lexer *lx)
{
	struct token t = { .kind = TOKEN_ERROR };
	uint32_t begin;

	if (!lx->failed)
		skip_blank(lx);
	begin = lx->pos;
	if (!lx->failed) {
		if (lx->pos >= lx->src->len)
			t.kind = TOKEN_END;
		else
			read_token(lx, &t);
	}
	if (lx->failed)
		t.kind = TOKEN_ERROR;
	t.span = span_from(lx, begin);
	return t;
}

static void dump_token(FILE *out, const struct token *t)
{
	switch (t->kind) {
	case TOKEN_END:
		fputs("end", out);
		break;
	case TOKEN_IDENT:
		fprintf(out, "name %s%s", t->str.s, t->fold ? "~" : "");
		break;
	case TOKEN_QUOTED:
		fputs("quoted ", out);
		string_print(out, t->str);
		break;
	case TOKEN_STRING:
		fputs("string ", out);
		string_print(out, t->str);
		break;
	case TOKEN_INT:
		fprintf(out, "int %" PRId64, t->i);
		break;
	case TOKEN_DOUBLE:
		fprintf(out, "double %.17g", t->d);
		break;
	default:
		fprintf(out, "%s %s%s", t->str.s ? "keyword" : "symbol", token_texts[t->kind],
			t->fold ? "~" : "");
		break;
	}
}

void lex_dump(FILE *out, const struct source *src, struct diags *d)
{
	struct lexer lx;
	struct token t;
	uint32_t line = 1, col = 1, pos = 0;

	lex_init(&lx, src, d);
	do {
		t = lex_next(&lx);
		if (t.kind == TOKEN_ERROR)
			return;
		for (; pos < t.span.begin;
		     pos++) { /* as source_locate(), but from token to token */
			col += (src->text[pos] & 0xC0) != 0x80;
			if (src->text[pos] == '\n') {
				line++;
				col = 1;
			}
		}
		dump_token(out, &t);
		fprintf(out, " %u:%u\n", line, col);
	} while (t.kind != TOKEN_END);
}
