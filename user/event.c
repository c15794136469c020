// SPDX-License-Identifier: Apache-2.0
/*
 * event.c - see event.h: one record of the ring to named values.
 *
 * in:         bytes that claim to be a struct kes_event with its strings; nothing in them is trusted
 * out:        struct event, filled by the table fields[]: no field is named here
 * invariants: nothing outside [data, data + size) is read; e->parts and e->text do not move while
 *             a record is decoded, since all that they will hold is reserved before
 * bounds:     at most two elements a byte of the list buffers, KES_WINDOW bytes a joined string
 */
#include "event.h"

#include <fcntl.h>
#include <string.h>

#include <xxhash.h>

#include "../compiler/err.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LEN  36

void event_fini(struct event *e)
{
	free(e->parts);
	free(e->text);
	*e = (struct event){ 0 };
}

static bool string_ok(const struct kes_event *ev, const struct kes_str *s)
{
	const uint32_t known = KES_STR_PRESENT | KES_STR_TRUNC | KES_STR_ERROR;

	if (s->flags & ~known)
		return false;
	if (!(s->flags & KES_STR_PRESENT))
		return true;
	return s->len <= KES_WINDOW && (uint32_t)s->off + s->len <= ev->buf_len;
}

static bool record_ok(const void *data, size_t size)
{
	const struct kes_event *ev = data;

	if ((uintptr_t)data % _Alignof(struct kes_event) != 0 || size < sizeof(*ev))
		return false;
	if (ev->version != KES_WIRE_VERSION || ev->event >= KES_NR_EVENTS)
		return false;
	if (ev->size < sizeof(*ev) || ev->size > size || ev->buf_len > ev->size - sizeof(*ev))
		return false;
	if (ev->nr_hits > KES_HITS_MAX)
		return false;
	for (int b = 0; b < KES_NR_BUFFERS; b++) {
		if (!string_ok(ev, &ev->str[b]))
			return false;
	}
	return true;
}

/* The string of a field, if the record holds it. */
static const struct kes_str *field_string(const struct event *e, const struct field *f)
{
	const struct kes_str *s = &e->ev->str[f->buffer];

	return s->flags & KES_STR_PRESENT ? s : NULL;
}

static size_t count_elements(const char *s, size_t len)
{
	size_t nr = 0;

	for (size_t i = 0; i < len; i++)
		nr += s[i] == '\0';
	return nr + (len > 0 && s[len - 1] != '\0');
}

static bool grow(void **v, size_t *cap, size_t need, size_t size)
{
	void *p;

	if (need <= *cap)
		return true;
	p = reallocarray(*v, need, size);
	if (!p)
		return false;
	*v = p;
	*cap = need;
	return true;
}

/* Room for everything that this record can need, so that pointers stay. */
static bool reserve(struct event *e)
{
	size_t parts = 0, text = 0;

	for (int i = 0; i < NR_FIELDS; i++) {
		const struct field *f = &fields[i];
		const struct kes_str *s;

		parts++;
		if (f->source == SOURCE_ENTITY)
			text += ENTITY_ID_LEN + 1;
		if (f->source != SOURCE_STRING)
			continue;
		s = field_string(e, f);
		if (s && f->mode == MODE_EACH)
			parts += count_elements((const char *)e->buf + s->off, s->len);
		if (s && f->mode == MODE_JOINED)
			text += s->len;
	}
	return grow((void **)&e->parts, &e->cap_parts, parts, sizeof(*e->parts)) &&
	       grow((void **)&e->text, &e->cap_text, text, 1);
}

static void add_part(struct event *e, const char *s, size_t len)
{
	e->parts[e->nr_parts++] = (struct string){ .s = s, .len = (uint32_t)len };
}

static void split_list(struct event *e, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *nul = memchr(s, '\0', (size_t)(end - s));
		const char *stop = nul ? nul : end;

		add_part(e, s, (size_t)(stop - s));
		s = stop + 1;
	}
}

static void join_list(struct event *e, const char *s, size_t len)
{
	char *out = e->text + e->nr_text;

	if (len == 0) /* an empty list has no value, joined or not */
		return;
	if (s[len - 1] == '\0')
		len--;
	for (size_t i = 0; i < len; i++)
		out[i] = s[i] ? s[i] : ' ';
	e->nr_text += len;
	add_part(e, out, len);
}

static void add_name(struct event *e, const char *s, size_t len)
{
	const char *slash = memrchr(s, '/', len);
	const char *name = slash ? slash + 1 : s;

	add_part(e, name, (size_t)(s + len - name));
}

static void add_extension(struct event *e, const char *s, size_t len)
{
	const char *slash = memrchr(s, '/', len);
	const char *name = slash ? slash + 1 : s;
	const char *dot = memrchr(name, '.', (size_t)(s + len - name));

	if (dot)
		add_part(e, dot + 1, (size_t)(s + len - dot - 1));
}

static void add_parts(struct event *e, enum string_mode mode, const char *s, size_t len)
{
	switch (mode) {
	case MODE_WHOLE:
		add_part(e, s, len);
		break;
	case MODE_NAME:
		add_name(e, s, len);
		break;
	case MODE_EXT:
		add_extension(e, s, len);
		break;
	case MODE_EACH:
		split_list(e, s, len);
		break;
	case MODE_JOINED:
		join_list(e, s, len);
		break;
	case NR_MODES:
		break;
	}
}

/* Whether a field that is not in the record has a value all the same, which was not seen. */
static bool scope_unknown(const struct event *e, const struct field *f)
{
	return (f->scope == SCOPE_PROCESS && e->ev->flags & KES_EV_PROC_UNKNOWN) ||
	       (f->scope == SCOPE_PARENT && e->ev->flags & KES_EV_PARENT_UNKNOWN);
}

/*
 * A cut string is a value of nothing: even `==` its beginning is undecided. A cut list has its
 * complete elements as values. The name and extension of a cut path are in the part not seen.
 */
static void decode_string(struct event *e, enum field_id id)
{
	const struct field *f = &fields[id];
	const struct kes_str *s = field_string(e, f);
	const uint32_t flags = e->ev->str[f->buffer].flags;
	const bool cut = flags & (KES_STR_TRUNC | KES_STR_ERROR);
	const bool list = f->mode == MODE_EACH;
	const size_t first = e->nr_parts;
	struct value v = { .unknown = cut };

	if (!s) {
		v.unknown |= scope_unknown(e, f);
		e->values.v[id] = e->seen[id] = v;
		return;
	}
	if (!cut || (f->mode != MODE_NAME && f->mode != MODE_EXT))
		add_parts(e, f->mode, (const char *)e->buf + s->off, s->len);
	v.strs = e->parts + first;
	v.nr_strs = e->nr_parts - first;
	v.present = v.nr_strs > 0;
	e->seen[id] = v;
	if (cut && !list)
		v.nr_strs = 0;
	if (cut && list && s->len > 0 && e->buf[s->off + s->len - 1] != '\0')
		v.nr_strs--;
	/* A cut path has some name, so NAME is there; whether EXT is, nobody knows. */
	v.present = v.nr_strs > 0 || (cut && f->mode != MODE_EXT);
	e->values.v[id] = v;
}

static int64_t member(const struct event *e, uint32_t offset)
{
	int64_t v;

	memcpy(&v, (const char *)e->ev + offset, sizeof(v));
	return v;
}

static void decode_number(struct event *e, enum field_id id)
{
	const struct field *f = &fields[id];
	const bool unknown = scope_unknown(e, f);
	const int64_t i = member(e, f->offset);
	const struct value v = { .present = !unknown, .unknown = unknown, .i = unknown ? 0 : i };

	e->values.v[id] = e->seen[id] = v;
}

static void decode_entity(struct event *e, enum field_id id)
{
	const struct field *f = &fields[id];
	const int64_t pid = member(e, f->offset);
	const int64_t start_ns = member(e, f->start_offset);
	struct value v = { 0 };

	/* The idle task is nobody's parent; a process without a start time was not identified. */
	if (pid > 0 && start_ns > 0) {
		char *text = e->text + e->nr_text;

		entity_id(text, pid, start_ns);
		e->nr_text += ENTITY_ID_LEN + 1;
		v.strs = e->parts + e->nr_parts;
		v.nr_strs = 1;
		v.present = true;
		add_part(e, text, ENTITY_ID_LEN);
	} else {
		v.unknown = pid > 0;
	}
	e->values.v[id] = e->seen[id] = v;
}

static void decode_field(struct event *e, enum field_id id)
{
	switch (fields[id].source) {
	case SOURCE_STRING:
		decode_string(e, id);
		break;
	case SOURCE_NUMBER:
		decode_number(e, id);
		break;
	case SOURCE_ENTITY:
		decode_entity(e, id);
		break;
	case SOURCE_CONST:
	case SOURCE_STATIC:
		e->seen[id] = e->values.v[id];
		break;
	}
}

int event_decode(struct event *e, const void *data, size_t size)
{
	if (!record_ok(data, size))
		return -EBADMSG;
	e->ev = data;
	e->buf = (const uint8_t *)(e->ev + 1);
	e->nr_parts = e->nr_text = 0;
	if (!reserve(e))
		return -ENOMEM;
	eval_init(&e->values, e->ev->event);
	memset(e->seen, 0, sizeof(e->seen));
	for (int id = 0; id < NR_FIELDS; id++) {
		const enum field_source source = fields[id].source;

		if (source == SOURCE_CONST || source == SOURCE_STATIC ||
		    fields[id].events & (1u << e->ev->event))
			decode_field(e, (enum field_id)id);
	}
	return 0;
}

/* Without a boot id the hash is of zeros: still stable until the next boot. */
static const char *boot_id(void)
{
	static char id[BOOT_ID_LEN];
	static bool known;

	if (!known) {
		autoclose int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && read(fd, id, sizeof(id)) != (ssize_t)sizeof(id))
			memset(id, 0, sizeof(id));
		known = true;
	}
	return id;
}

void entity_id(char out[ENTITY_ID_LEN + 1], int64_t pid, int64_t start_ns)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct {
		char boot_id[BOOT_ID_LEN + 4];
		int64_t pid, start_ns;
	} key = { .pid = pid, .start_ns = start_ns };
	XXH128_canonical_t hash;
	uint32_t bits = 0;
	int nr_bits = 0, n = 0;

	memcpy(key.boot_id, boot_id(), BOOT_ID_LEN);
	XXH128_canonicalFromHash(&hash, XXH3_128bits(&key, sizeof(key)));
	for (size_t i = 0; i < sizeof(hash.digest); i++) {
		bits = bits << 8 | hash.digest[i];
		for (nr_bits += 8; nr_bits >= 6; nr_bits -= 6)
			out[n++] = digits[bits >> (nr_bits - 6) & 63];
	}
	out[n++] = digits[bits << (6 - nr_bits) & 63];
	out[n] = '\0';
}
