// SPDX-License-Identifier: Apache-2.0
/*
 * rule.c - rule files: which they are, their metadata, and the way through the front end.
 *
 * A rule file is a query; the comment lines before it may carry metadata, one `// key: value` or
 * `# key: value` a line. The whole file is the source, so that every span has its true line.
 * A rule with a mistake is left out; its diagnostics say why, and the other rules go on.
 */
#include "rule.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "err.h"
#include "frontend.h"

#define DEPTH_MAX 32 /* of directories below the one that was named */

/* Metadata */

struct list {
	const char **v;
	size_t nr, cap;
};

enum key_id {
	KEY_ID,
	KEY_NAME,
	KEY_DESCRIPTION,
	KEY_SEVERITY,
	KEY_RISK,
	KEY_TAGS,
	KEY_TACTIC,
	KEY_TECHNIQUE,
	KEY_REFERENCES,
	KEY_FALSE_POSITIVES,
	KEY_ACTION,
	NR_KEYS,
};

static const char *const key_names[NR_KEYS] = {
	[KEY_ID] = "id",
	[KEY_NAME] = "name",
	[KEY_DESCRIPTION] = "description",
	[KEY_SEVERITY] = "severity",
	[KEY_RISK] = "risk",
	[KEY_TAGS] = "tags",
	[KEY_TACTIC] = "tactic",
	[KEY_TECHNIQUE] = "technique",
	[KEY_REFERENCES] = "references",
	[KEY_FALSE_POSITIVES] = "false_positives",
	[KEY_ACTION] = "action",
};

static const struct {
	const char *name;
	int risk; /* the default */
} severities[] = { { "low", 21 }, { "medium", 47 }, { "high", 73 }, { "critical", 99 } };

/* The metadata of one rule while its comment lines are read. */
struct meta {
	struct arena *arena;
	struct diags *d;
	struct rule *rule;
	struct list lists[NR_KEYS];
	bool seen[NR_KEYS];
	bool wrong; /* a mistake was reported */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.begin < s.end && is_blank(s.src->text[s.begin]))
		s.begin++;
	while (s.end > s.begin && is_blank(s.src->text[s.end - 1]))
		s.end--;
	return s;
}

static const char *span_text(struct arena *a, struct span s)
{
	return arena_strndup(a, s.src->text + s.begin, s.end - s.begin);
}

static void set_severity(struct meta *m, const char *value, struct span span)
{
	for (size_t i = 0; i < ARRAY_SIZE(severities); i++) {
		if (strcmp(value, severities[i].name) == 0) {
			m->rule->severity = severities[i].name;
			return;
		}
	}
	diag_hint(m->d, diag_error(m->d, span, "unknown severity \"%s\"", value),
		  "write low, medium, high or critical");
	m->wrong = true;
}

static void set_risk(struct meta *m, const char *value, struct span span)
{
	size_t len = strlen(value);

	if (len >= 1 && len <= 3 && strspn(value, "0123456789") == len && atoi(value) <= 100) {
		m->rule->risk = atoi(value);
		return;
	}
	diag_error(m->d, span, "the risk is a number from 0 to 100");
	m->wrong = true;
}

/* Values separated by commas; a key of a list may stand on several lines. */
static void add_list(struct meta *m, enum key_id key, struct span span)
{
	struct list *list = &m->lists[key];

	for (struct span one = span; one.begin < span.end; one.begin = one.end + 1) {
		struct span trimmed;

		one.end = one.begin;
		while (one.end < span.end && span.src->text[one.end] != ',')
			one.end++;
		trimmed = trim(one);
		if (trimmed.begin < trimmed.end)
			vec_push(m->arena, list->v, list->nr, list->cap,
				 span_text(m->arena, trimmed));
	}
}

static bool is_list(enum key_id key)
{
	return key == KEY_TAGS || key == KEY_TACTIC || key == KEY_TECHNIQUE ||
	       key == KEY_REFERENCES || key == KEY_FALSE_POSITIVES;
}

static void set_key(struct meta *m, enum key_id key, const char *value, struct span span)
{
	switch (key) {
	case KEY_ID:
		m->rule->id = value;
		m->rule->id_span = span;
		break;
	case KEY_NAME:
		m->rule->name = value;
		break;
	case KEY_DESCRIPTION:
		m->rule->description = value;
		break;
	case KEY_SEVERITY:
		set_severity(m, value, span);
		break;
	case KEY_RISK:
		set_risk(m, value, span);
		break;
	case KEY_ACTION:
		diag_warn(m->d, span, "actions are not supported: this one is ignored");
		break;
	default:
		add_list(m, key, span);
		break;
	}
}

static void take_key(struct meta *m, enum key_id key, struct span key_span, struct span value)
{
	value = trim(value);
	if (value.begin == value.end) {
		diag_warn(m->d, key_span, "%s has no value", key_names[key]);
		return;
	}
	if (m->seen[key] && !is_list(key)) {
		diag_warn(m->d, key_span, "%s is given twice: this one is ignored", key_names[key]);
		return;
	}
	m->seen[key] = true;
	set_key(m, key, span_text(m->arena, value), value);
}

/* A word before a colon that is no key: most are prose, some are misspelt. */
static void suggest_key(struct meta *m, const char *word, struct span span)
{
	const char *near = suggest(word, key_names, NR_KEYS);

	if (near)
		diag_hint(m->d, diag_warn(m->d, span, "unknown metadata key \"%s\"", word),
			  "did you mean \"%s\"?", near);
}

/* key: value; anything else is a comment */
static void read_comment(struct meta *m, struct span line)
{
	const char *text = line.src->text;
	struct span key = trim(line);
	const char *word;
	uint32_t colon;

	key.end = key.begin;
	while (key.end < line.end &&
	       (isalnum((unsigned char)text[key.end]) || text[key.end] == '_'))
		key.end++;
	colon = key.end;
	while (colon < line.end && is_blank(text[colon]))
		colon++;
	if (key.begin == key.end || colon == line.end || text[colon] != ':')
		return;
	word = span_text(m->arena, key);
	line.begin = colon + 1;
	for (size_t i = 0; i < NR_KEYS; i++) {
		if (strcasecmp(word, key_names[i]) == 0) {
			take_key(m, (enum key_id)i, key, line);
			return;
		}
	}
	suggest_key(m, word, key);
}

/* The comment lines before the query; other text ends them. */
static void read_comments(struct meta *m, const struct source *src)
{
	uint32_t pos = src->len >= 3 && memcmp(src->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

	while (pos < src->len) {
		const char *end = memchr(src->text + pos, '\n', src->len - pos);
		struct span line = { .src = src, .begin = pos };

		line.end = end ? (uint32_t)(end - src->text) : (uint32_t)src->len;
		pos = line.end + 1;
		line = trim(line);
		if (line.begin == line.end)
			continue;
		if (src->text[line.begin] == '#')
			line.begin++;
		else if (strncmp(src->text + line.begin, "//", 2) == 0)
			line.begin += 2;
		else
			return;
		read_comment(m, line);
	}
}

/* "rules/x.eql" and "<x>" have the default id "x". */
static const char *default_id(struct arena *a, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	size_t len = strlen(base);
	const char *dot = memrchr(base, '.', len);

	if (len > 2 && base[0] == '<' && base[len - 1] == '>')
		return arena_strndup(a, base + 1, len - 2);
	return arena_strndup(a, base, dot && dot > base ? (size_t)(dot - base) : len);
}

static int default_risk(const char *severity)
{
	for (size_t i = 0; i < ARRAY_SIZE(severities); i++) {
		if (strcmp(severity, severities[i].name) == 0)
			return severities[i].risk;
	}
	return 0;
}

static void finish_metadata(struct meta *m, const struct source *src)
{
	struct rule *r = m->rule;
	const struct list *l = m->lists;

	if (!r->id)
		r->id = default_id(m->arena, src->name);
	if (!r->name)
		r->name = r->id;
	if (!m->seen[KEY_RISK])
		r->risk = default_risk(r->severity);
	r->tags = l[KEY_TAGS].v;
	r->nr_tags = l[KEY_TAGS].nr;
	r->tactics = l[KEY_TACTIC].v;
	r->nr_tactics = l[KEY_TACTIC].nr;
	r->techniques = l[KEY_TECHNIQUE].v;
	r->nr_techniques = l[KEY_TECHNIQUE].nr;
	r->references = l[KEY_REFERENCES].v;
	r->nr_references = l[KEY_REFERENCES].nr;
	r->false_positives = l[KEY_FALSE_POSITIVES].v;
	r->nr_false_positives = l[KEY_FALSE_POSITIVES].nr;
}

static bool read_metadata(struct arena *a, const struct source *src, struct rule *r,
			  struct diags *d)
{
	struct meta m = { .arena = a, .d = d, .rule = r };

	r->severity = "medium";
	r->description = "";
	read_comments(&m, src);
	finish_metadata(&m, src);
	return !m.wrong;
}

/* Ids */

/* The place of an id in a table with a free place: where it is, or where it would be. */
static struct rule **id_place(struct rule **table, size_t cap, const char *id)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t i;

	for (const char *p = id; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	for (i = hash & (cap - 1); table[i] && strcmp(table[i]->id, id) != 0;)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

/* Room for one more id, at most half full. */
static void grow_ids(struct arena *a, struct rules *rules)
{
	size_t cap = rules->cap_ids ? 2 * rules->cap_ids : 64;
	struct rule **table;

	if (2 * (rules->nr + 1) <= rules->cap_ids)
		return;
	while (cap < 2 * (rules->nr + 1))
		cap *= 2;
	table = arena_array(a, cap, struct rule *);
	for (size_t i = 0; i < rules->nr; i++)
		*id_place(table, cap, rules->v[i]->id) = rules->v[i];
	rules->by_id = table;
	rules->cap_ids = cap;
}

static bool add_rule(struct arena *a, struct rules *rules, struct rule *r, struct diags *d)
{
	struct rule **place;
	uint32_t line, col;
	struct diag *e;

	grow_ids(a, rules);
	place = id_place(rules->by_id, rules->cap_ids, r->id);
	if (*place) {
		const struct span *other = &(*place)->id_span;

		source_locate(other->src, other->begin, &line, &col);
		e = diag_error(d, r->id_span, "the id \"%s\" is already used at %s:%u:%u", r->id,
			       other->src->name, line, col);
		diag_hint(d, e, "give this rule another one: // id: ...");
		return false;
	}
	*place = r;
	vec_push(a, rules->v, rules->nr, rules->cap, r);
	return true;
}

/* Rules */

struct source *source_new(struct arena *a, const char *name, const char *text, size_t len)
{
	struct source *src = arena_new_of(a, struct source);

	src->name = arena_strdup(a, name);
	src->text = arena_strndup(a, text, len);
	src->len = len;
	return src;
}

bool rules_add_source(struct arena *a, const struct source *src, struct rules *out, struct diags *d)
{
	struct rule *r = arena_new_of(a, struct rule);
	bool ok = read_metadata(a, src, r, d);

	r->src = src;
	r->query = parse_query(src, d);
	if (!r->query || !sema_run(r->query, d) || !ok)
		return false;
	if (!r->id_span.src)
		r->id_span = r->query->span;
	return add_rule(a, out, r, d);
}

static void report_too_large(struct diags *d, const char *name)
{
	diag_error(d, (struct span){ 0 }, "cannot read %s: larger than %d KiB", name,
		   RULE_FILE_MAX / 1024);
}

void rules_add_text(struct arena *a, const char *name, const char *text, size_t len,
		    struct rules *out, struct diags *d)
{
	if (len > RULE_FILE_MAX)
		report_too_large(d, name);
	else
		rules_add_source(a, source_new(a, name, text, len), out, d);
}

/* Files */

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* Read to the end, or one byte more than is allowed: pipes have no size to ask for. */
static int read_all(int fd, char *buf, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size) {
		ssize_t n = read(fd, buf + *len, size - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

/* 0, and the source unless it was reported as too large; or a negative errno. */
static int read_file(struct arena *a, const char *path, const char *name, struct sources *out,
		     struct diags *d)
{
	autoclose int fd =
		strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	autofree char *buf = malloc(RULE_FILE_MAX + 1);
	size_t len;
	int err;

	if (fd < 0)
		return -errno;
	if (!buf)
		return -ENOMEM;
	err = read_all(fd, buf, RULE_FILE_MAX + 1, &len);
	if (err)
		return err;
	if (len > RULE_FILE_MAX)
		report_too_large(d, name);
	else
		vec_push(a, out->v, out->nr, out->cap, source_new(a, name, buf, len));
	return 0;
}

static void report_unreadable(struct diags *d, const char *path, int err)
{
	diag_error(d, (struct span){ 0 }, "cannot read %s: %s", path, strerror(-err));
}

static int find_files(struct arena *a, const char *dir_path, int depth, struct list *files,
		      struct diags *d);

/* A file is followed through symbolic links (as in a mounted ConfigMap), a directory is not. */
static void find_entry(struct arena *a, const char *path, int depth, struct list *files,
		       struct diags *d)
{
	struct stat st;
	int err = lstat(path, &st) < 0 ? -errno : 0;

	if (!err && S_ISDIR(st.st_mode))
		err = find_files(a, path, depth + 1, files, d);
	else if (!err && S_ISLNK(st.st_mode) && has_suffix(path, ".eql"))
		err = stat(path, &st) < 0 ? -errno : 0;
	if (err)
		report_unreadable(d, path, err);
	else if (S_ISREG(st.st_mode) && has_suffix(path, ".eql"))
		vec_push(a, files->v, files->nr, files->cap, path);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The rule files below a directory; what cannot be read below it is reported. */
static int find_files(struct arena *a, const char *dir_path, int depth, struct list *files,
		      struct diags *d)
{
	__attribute__((cleanup(closedirp))) DIR *dir = NULL;
	const char *separator = has_suffix(dir_path, "/") ? "" : "/";
	struct dirent *entry;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	dir = opendir(dir_path);
	if (!dir)
		return -errno;
	while (errno = 0, entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		find_entry(a, arena_printf(a, "%s%s%s", dir_path, separator, entry->d_name), depth,
			   files, d);
	}
	return -errno;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_directory(struct arena *a, const char *path, struct sources *out, struct diags *d)
{
	struct list files = { 0 };
	size_t before = d->nr_errors;
	int err = find_files(a, path, 0, &files, d);

	if (err)
		return err;
	if (files.nr == 0)
		return d->nr_errors > before ? 0 : -ENODATA;
	qsort(files.v, files.nr, sizeof(*files.v), compare_paths);
	for (size_t i = 0; i < files.nr; i++) {
		err = read_file(a, files.v[i], files.v[i], out, d);
		if (err)
			report_unreadable(d, files.v[i], err);
	}
	return 0;
}

int sources_read(struct arena *a, const char *path, struct sources *out, struct diags *d)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return read_file(a, path, "<stdin>", out, d);
	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return read_directory(a, path, out, d);
	if (has_suffix(path, ".toml")) {
		diag_error(d, (struct span){ 0 }, "cannot read %s: TOML rules are not supported",
			   path);
		return 0;
	}
	return read_file(a, path, path, out, d);
}

int rules_read(struct arena *a, const char *path, struct rules *out, struct diags *d)
{
	struct sources sources = { 0 };
	int err = sources_read(a, path, &sources, d);

	if (err)
		return err;
	for (size_t i = 0; i < sources.nr; i++)
		rules_add_source(a, sources.v[i], out, d);
	return 0;
}
