// SPDX-License-Identifier: Apache-2.0
/*
 * object_read.c - the metadata of a ruleset object, from bytes that nobody has checked yet.
 *
 * Every offset and count is checked against what surrounds it before it is used; sums are made in
 * 64 bits from 32-bit parts, so that they cannot wrap.
 */
#include "object.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "object_format.h"

struct view {
	const uint8_t *v;
	size_t len;
};

/* A part of a view, or false when it does not fit. */
static bool part(struct view in, uint64_t off, uint64_t len, struct view *out)
{
	if (off > in.len || len > in.len - off)
		return false;
	*out = (struct view){ in.v + off, len };
	return true;
}

static bool read_section_header(struct view file, const Elf64_Ehdr *eh, uint32_t i, Elf64_Shdr *sh)
{
	struct view v;

	if (!part(file, eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(*sh), &v) ||
	    !part(v, (uint64_t)i * sizeof(*sh), sizeof(*sh), &v))
		return false;
	memcpy(sh, v.v, sizeof(*sh));
	return true;
}

/* The section's contents by name. */
static bool find_section(struct view file, const char *name, struct view *out)
{
	Elf64_Ehdr eh;
	Elf64_Shdr sh;
	struct view names, text;

	if (file.len < sizeof(eh))
		return false;
	memcpy(&eh, file.v, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_shentsize != sizeof(sh) || !read_section_header(file, &eh, eh.e_shstrndx, &sh) ||
	    !part(file, sh.sh_offset, sh.sh_size, &names))
		return false;
	for (uint32_t i = 1; i < eh.e_shnum; i++) {
		if (!read_section_header(file, &eh, i, &sh) ||
		    !part(names, sh.sh_name, strlen(name) + 1, &text))
			continue;
		if (memcmp(text.v, name, strlen(name) + 1) == 0)
			return part(file, sh.sh_offset, sh.sh_size, out);
	}
	return false;
}

/* XXH3 over the file, the checksum field taken as zero. */
static uint64_t checksum(struct view file, struct view meta)
{
	static const uint64_t zero;
	size_t at = (size_t)(meta.v - file.v) + offsetof(struct object_header, checksum);
	XXH3_state_t *st = XXH3_createState();
	uint64_t sum;

	if (!st)
		return 0;
	XXH3_64bits_reset(st);
	XXH3_64bits_update(st, file.v, at);
	XXH3_64bits_update(st, &zero, sizeof(zero));
	XXH3_64bits_update(st, file.v + at + sizeof(zero), file.len - at - sizeof(zero));
	sum = XXH3_64bits_digest(st);
	XXH3_freeState(st);
	return sum;
}

static bool read_hooks(struct view v, uint32_t nr, struct object_info *info)
{
	struct object_hook_rec rec;

	if (nr != KES_NR_EVENTS)
		return false;
	for (uint32_t i = 0; i < nr; i++) {
		memcpy(&rec, v.v + i * sizeof(rec), sizeof(rec));
		if (rec.nr_programs > KES_NR_TAILS - KES_TAIL_DECIDE || rec.want >> KES_NR_BUFFERS)
			return false;
		info->hooks[i] = (struct object_hook){ .nr_programs = rec.nr_programs,
						       .want = rec.want,
						       .nr_predicates = rec.nr_predicates };
	}
	return true;
}

static bool read_predicates(struct arena *a, struct view v, uint32_t nr, uint32_t nr_rules,
			    struct object_info *info)
{
	info->predicates = arena_array(a, nr + 1ul, struct object_predicate);
	info->nr_predicates = nr;
	for (uint32_t i = 0; i < nr; i++) {
		struct object_predicate_rec rec;

		memcpy(&rec, v.v + i * sizeof(rec), sizeof(rec));
		if (rec.rule >= nr_rules || rec.hooks >> KES_NR_EVENTS)
			return false;
		info->predicates[i] = (struct object_predicate){ .rule = rec.rule,
								 .item = rec.item,
								 .hooks = rec.hooks,
								 .inexact = rec.inexact };
	}
	return true;
}

/* Parse the sources again; all of them were good when the object was made. */
static bool read_rules(struct arena *a, struct view v, uint32_t nr, struct view blob,
		       struct object_info *info)
{
	struct diags d;

	diags_init(&d, a);
	for (uint32_t i = 0; i < nr; i++) {
		struct object_source_rec rec;
		struct view name, text;
		char *file;

		memcpy(&rec, v.v + i * sizeof(rec), sizeof(rec));
		if (!part(blob, rec.name, rec.name_len, &name) ||
		    !part(blob, rec.text, rec.text_len, &text))
			return false;
		file = arena_strndup(a, (const char *)name.v, name.len);
		rules_add_text(a, file, (const char *)text.v, text.len, &info->rules, &d);
		if (info->rules.nr != i + 1)
			return false;
	}
	return d.nr_errors == 0;
}

static bool read_body(struct arena *a, struct view meta, const struct object_header *h,
		      struct object_info *info)
{
	struct view hooks, predicates, sources, blob;
	uint64_t at = sizeof(*h);

	if (!part(meta, at, (uint64_t)h->nr_hooks * sizeof(struct object_hook_rec), &hooks))
		return false;
	at += hooks.len;
	if (!part(meta, at, (uint64_t)h->nr_predicates * sizeof(struct object_predicate_rec),
		  &predicates))
		return false;
	at += predicates.len;
	if (!part(meta, at, (uint64_t)h->nr_sources * sizeof(struct object_source_rec), &sources))
		return false;
	at += sources.len;
	return part(meta, at, h->nr_bytes, &blob) && read_hooks(hooks, h->nr_hooks, info) &&
	       read_rules(a, sources, h->nr_sources, blob, info) &&
	       read_predicates(a, predicates, h->nr_predicates, h->nr_sources, info);
}

int object_read(struct arena *a, const void *image, size_t len, struct object_info *out,
		const char **why)
{
	struct view file = { image, len }, meta;
	struct object_info info = { 0 };
	struct object_header h;

	*why = "not a ruleset object";
	if (!find_section(file, OBJECT_META, &meta) || meta.len < sizeof(h))
		return -EINVAL;
	memcpy(&h, meta.v, sizeof(h));
	if (memcmp(h.magic, OBJECT_MAGIC, sizeof(h.magic)) != 0)
		return -EINVAL;
	*why = "damaged: its checksum differs";
	if (checksum(file, meta) != h.checksum)
		return -EINVAL;
	*why = "made for another version of the schema: build it again from its rules";
	if (h.schema_hash != schema_hash())
		return -EINVAL;
	*why = "damaged: its tables contradict each other";
	if (!read_body(a, meta, &h, &info))
		return -EINVAL;
	*why = NULL;
	*out = info;
	return 0;
}
