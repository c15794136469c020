// SPDX-License-Identifier: Apache-2.0
/*
 * object_write.c - the ELF file.
 *
 * sections: kestrel/<hook>… with their .rel, .maps, .rodata (all tables), license, .BTF, .BTF.ext,
 *	     .kestrel (object_format.h), .symtab, .strtab, .shstrtab
 *
 * Maps whose names the sensor has too (slots, tail_<short>) are declared here so that the object is
 * complete by itself; the loader replaces them by the sensor's.
 */
#include "object_write.h"

#include <bpf/btf.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "err.h"
#include "object_btf.h"
#include "object_format.h"

#define R_BPF_64_64 1
#ifndef EM_BPF
#define EM_BPF 247
#endif

struct buffer {
	struct arena *arena;
	char *v;
	size_t nr, cap;
};

struct writer {
	struct arena *arena;
	const struct gen *g;
	const struct rules *rules;
	Elf *elf;
	struct buffer strtab, shstrtab;
	Elf64_Sym *syms;
	size_t nr_syms, cap_syms;
	struct object_map maps[4 + KES_NR_EVENTS];
	size_t nr_maps;
	uint32_t map_syms[4 + KES_NR_EVENTS];
	uint32_t rodata_sym;
	size_t symtab_index;
	int err;
};

static uint32_t buffer_add(struct buffer *b, const void *data, size_t len)
{
	uint32_t at = (uint32_t)b->nr;

	while (b->nr + len > b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 4096;
		char *bigger = arena_alloc(b->arena, cap);

		if (b->nr)
			memcpy(bigger, b->v, b->nr);
		b->v = bigger;
		b->cap = cap;
	}
	if (len)
		memcpy(b->v + b->nr, data, len);
	b->nr += len;
	return at;
}

static uint32_t buffer_str(struct buffer *b, const char *s)
{
	return buffer_add(b, s, strlen(s) + 1);
}

/* A new section with contents that live until the file is written; returns its index. */
static size_t section_add(struct writer *w, const char *name, uint32_t type, uint64_t flags,
			  const void *data, size_t len)
{
	Elf_Scn *scn = elf_newscn(w->elf);
	Elf_Data *d = scn ? elf_newdata(scn) : NULL;
	Elf64_Shdr *sh = scn ? elf64_getshdr(scn) : NULL;

	if (!d || !sh) {
		w->err = -ENOMEM;
		return 0;
	}
	d->d_buf = (void *)data;
	d->d_size = len;
	d->d_align = 8;
	d->d_type = type == SHT_SYMTAB ? ELF_T_SYM : type == SHT_REL ? ELF_T_REL : ELF_T_BYTE;
	sh->sh_name = buffer_str(&w->shstrtab, name);
	sh->sh_type = type;
	sh->sh_flags = flags;
	sh->sh_addralign = 8;
	return elf_ndxscn(scn);
}

static void section_link(struct writer *w, size_t index, uint32_t link, uint32_t info,
			 uint64_t entsize)
{
	Elf_Scn *scn = elf_getscn(w->elf, index);
	Elf64_Shdr *sh = scn ? elf64_getshdr(scn) : NULL;

	if (!sh) {
		w->err = -EINVAL;
		return;
	}
	sh->sh_link = link;
	sh->sh_info = info;
	sh->sh_entsize = entsize;
}

static uint32_t symbol_add(struct writer *w, const char *name, int bind, int type, size_t section,
			   uint64_t value, uint64_t size)
{
	Elf64_Sym s = { .st_name = name ? buffer_str(&w->strtab, name) : 0,
			.st_info = (unsigned char)ELF64_ST_INFO(bind, type),
			.st_shndx = (Elf64_Section)section,
			.st_value = value,
			.st_size = size };

	vec_push(w->arena, w->syms, w->nr_syms, w->cap_syms, s);
	return (uint32_t)w->nr_syms - 1;
}

static void map_declare(struct writer *w, const char *name, uint32_t type, uint32_t value_size,
			uint32_t max_entries, uint32_t flags)
{
	w->maps[w->nr_maps++] = (struct object_map){ .name = name,
						     .type = type,
						     .key_size = 4,
						     .value_size = value_size,
						     .max_entries = max_entries,
						     .flags = flags };
}

/* The order is that of enum emit_symbol, with one tail map a hook in place of SYMBOL_TAIL. */
static void declare_maps(struct writer *w)
{
	const struct plan *p = w->g->plan;

	map_declare(w, "slots", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct kes_slot), KES_NR_SLOTS,
		    0);
	map_declare(w, "k_scratch", BPF_MAP_TYPE_PERCPU_ARRAY, 8 * p->scratch_words, KES_NR_SLOTS,
		    0);
	/* Preallocated: an update is part of every fork and exec, and 5.10 forbids the other kind. */
	map_declare(w, "k_pbits", BPF_MAP_TYPE_HASH, 8 * p->pb_words, KES_NR_PROCS, 0);
	for (int e = 0; e < KES_NR_EVENTS; e++)
		map_declare(w, arena_printf(w->arena, "tail_%s", event_kinds[e].short_name),
			    BPF_MAP_TYPE_PROG_ARRAY, 4, KES_NR_TAILS, 0);
}

static uint32_t reloc_symbol(const struct writer *w, enum emit_symbol s, enum kes_event_id e)
{
	switch (s) {
	case SYMBOL_SLOTS:
		return w->map_syms[0];
	case SYMBOL_SCRATCH:
		return w->map_syms[1];
	case SYMBOL_PBITS:
		return w->map_syms[2];
	case SYMBOL_TAIL:
		return w->map_syms[3 + e];
	default:
		return w->rodata_sym;
	}
}

/* The programs of one hook: one section, a function each. Local symbols must come first in ELF. */
struct hook_section {
	enum kes_event_id event;
	size_t first, end; /* programs */
	size_t index;
	struct buffer code;
};

static void write_code(struct writer *w, struct hook_section *h)
{
	h->code.arena = w->arena;
	for (size_t i = h->first; i < h->end; i++)
		buffer_add(&h->code, w->g->programs[i].code.insns,
			   w->g->programs[i].code.nr * sizeof(struct bpf_insn));
	h->index =
		section_add(w,
			    arena_printf(w->arena, OBJECT_SECTION "%s", event_kinds[h->event].name),
			    SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, h->code.v, h->code.nr);
}

static void write_functions(struct writer *w, const struct hook_section *h)
{
	uint64_t at = 0;

	for (size_t i = h->first; i < h->end; i++) {
		uint64_t size = w->g->programs[i].code.nr * sizeof(struct bpf_insn);

		symbol_add(w, w->g->programs[i].name, STB_GLOBAL, STT_FUNC, h->index, at, size);
		at += size;
	}
}

static void write_relocs(struct writer *w, const struct hook_section *h)
{
	struct buffer out = { .arena = w->arena };
	uint64_t at = 0;
	size_t index;

	for (size_t i = h->first; i < h->end; i++) {
		const struct emit *code = &w->g->programs[i].code;

		for (size_t k = 0; k < code->nr_relocs; k++) {
			uint32_t sym = reloc_symbol(w, code->relocs[k].symbol, h->event);
			Elf64_Rel r = { .r_offset = at + 8ull * code->relocs[k].insn,
					.r_info = ELF64_R_INFO((uint64_t)sym, R_BPF_64_64) };

			buffer_add(&out, &r, sizeof(r));
		}
		at += 8ull * code->nr;
	}
	index = section_add(
		w, arena_printf(w->arena, ".rel" OBJECT_SECTION "%s", event_kinds[h->event].name),
		SHT_REL, SHF_INFO_LINK, out.v, out.nr);
	section_link(w, index, (uint32_t)w->symtab_index, (uint32_t)h->index, sizeof(Elf64_Rel));
}

static void write_meta(struct writer *w)
{
	const struct plan *p = w->g->plan;
	const struct atoms *atoms = p->atoms;
	struct object_header head = { .magic = OBJECT_MAGIC,
				      .schema_hash = schema_hash(),
				      .nr_hooks = KES_NR_EVENTS,
				      .nr_predicates = (uint32_t)atoms->nr_predicates,
				      .nr_sources = (uint32_t)w->rules->nr };
	struct buffer out = { .arena = w->arena }, blob = { .arena = w->arena };

	for (size_t i = 0; i < w->rules->nr; i++) {
		const struct source *src = w->rules->v[i]->src;
		struct object_source_rec rec = { .name_len = (uint32_t)strlen(src->name),
						 .text_len = (uint32_t)src->len };

		rec.name = buffer_add(&blob, src->name, rec.name_len);
		rec.text = buffer_add(&blob, src->text, rec.text_len);
		buffer_add(&out, &rec, sizeof(rec));
	}
	head.nr_bytes = (uint32_t)blob.nr;
	{
		struct buffer all = { .arena = w->arena };

		buffer_add(&all, &head, sizeof(head));
		for (int e = 0; e < KES_NR_EVENTS; e++) {
			struct object_hook_rec rec = { .want = p->hooks[e].want,
						       .nr_predicates = p->hooks[e].nr_predicates };

			for (size_t i = 0; i < w->g->nr_programs; i++)
				rec.nr_programs += w->g->programs[i].event == (unsigned int)e;
			buffer_add(&all, &rec, sizeof(rec));
		}
		for (uint32_t i = 0; i < atoms->nr_predicates; i++) {
			struct object_predicate_rec rec = { .rule = i,
							    .item = atoms->predicates[i].item,
							    .inexact =
								    atoms->predicates[i].inexact };

			for (int e = 0; e < KES_NR_EVENTS; e++)
				rec.hooks |= atoms->predicates[i].at[e].formula ? 1u << e : 0;
			buffer_add(&all, &rec, sizeof(rec));
		}
		buffer_add(&all, out.v, out.nr);
		buffer_add(&all, blob.v, blob.nr);
		section_add(w, OBJECT_META, SHT_PROGBITS, 0, all.v, all.nr);
	}
}

/* Everything but the symbol table, whose symbols are added meanwhile. */
static void write_sections(struct writer *w, const struct object_btf *btf)
{
	static const char license[] = "GPL";
	struct hook_section hooks[KES_NR_EVENTS];
	size_t nr_hooks = 0, maps, rodata, locals, strtab, lic;
	void *defs = arena_alloc(w->arena, w->nr_maps * OBJECT_MAP_DEF_SIZE);

	symbol_add(w, NULL, STB_LOCAL, STT_NOTYPE, SHN_UNDEF, 0, 0);
	for (size_t i = 0; i < w->g->nr_programs; i++) {
		if (i == 0 || w->g->programs[i].event != w->g->programs[i - 1].event)
			hooks[nr_hooks++] = (struct hook_section){ .event = w->g->programs[i].event,
								   .first = i };
		hooks[nr_hooks - 1].end = i + 1;
	}
	for (size_t i = 0; i < nr_hooks; i++)
		write_code(w, &hooks[i]);
	maps = section_add(w, ".maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, defs,
			   w->nr_maps * OBJECT_MAP_DEF_SIZE);
	rodata = section_add(w, ".rodata", SHT_PROGBITS, SHF_ALLOC, w->g->tables, w->g->nr_bytes);
	lic = section_add(w, "license", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, license,
			  sizeof(license));
	section_add(w, ".BTF", SHT_PROGBITS, 0, btf->btf, btf->btf_len);
	section_add(w, ".BTF.ext", SHT_PROGBITS, 0, btf->ext, btf->ext_len);
	write_meta(w);

	w->rodata_sym = symbol_add(w, NULL, STB_LOCAL, STT_SECTION, rodata, 0, 0);
	for (size_t i = 0; i < w->g->nr_names; i++)
		symbol_add(w, w->g->names[i].name, STB_LOCAL, STT_OBJECT, rodata,
			   w->g->names[i].offset, w->g->names[i].bytes);
	locals = w->nr_syms;
	for (size_t i = 0; i < w->nr_maps; i++)
		w->map_syms[i] = symbol_add(w, w->maps[i].name, STB_GLOBAL, STT_OBJECT, maps,
					    i * OBJECT_MAP_DEF_SIZE, OBJECT_MAP_DEF_SIZE);
	symbol_add(w, "LICENSE", STB_GLOBAL, STT_OBJECT, lic, 0, sizeof(license));
	for (size_t i = 0; i < nr_hooks; i++)
		write_functions(w, &hooks[i]);
	w->symtab_index =
		section_add(w, ".symtab", SHT_SYMTAB, 0, w->syms, w->nr_syms * sizeof(Elf64_Sym));
	for (size_t i = 0; i < nr_hooks; i++)
		write_relocs(w, &hooks[i]);
	strtab = section_add(w, ".strtab", SHT_STRTAB, 0, w->strtab.v, w->strtab.nr);
	section_link(w, w->symtab_index, (uint32_t)strtab, (uint32_t)locals, sizeof(Elf64_Sym));
}

static int write_elf(struct writer *w, int fd, const struct object_btf *btf)
{
	Elf64_Ehdr *eh;
	size_t shstrtab;

	elf_version(EV_CURRENT);
	w->elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (!w->elf)
		return -ENOMEM;
	eh = elf64_newehdr(w->elf);
	if (!eh)
		return -ENOMEM;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_type = ET_REL;
	eh->e_machine = EM_BPF;
	eh->e_version = EV_CURRENT;
	buffer_str(&w->strtab, "");
	buffer_str(&w->shstrtab, "");
	write_sections(w, btf);
	/* Its own name has to be in before its contents are fixed. */
	buffer_str(&w->shstrtab, ".shstrtab");
	shstrtab = section_add(w, ".shstrtab", SHT_STRTAB, 0, NULL, 0);
	if (!w->err) {
		Elf_Data *d = elf_getdata(elf_getscn(w->elf, shstrtab), NULL);

		d->d_buf = w->shstrtab.v;
		d->d_size = w->shstrtab.nr;
		eh->e_shstrndx = (Elf64_Half)shstrtab;
		if (elf_update(w->elf, ELF_C_WRITE) < 0)
			w->err = -EIO;
	}
	return w->err;
}

static int read_back(struct arena *a, int fd, void **image, size_t *len)
{
	struct stat st;
	char *data;

	if (fstat(fd, &st) != 0)
		return -errno;
	data = arena_alloc(a, (size_t)st.st_size);
	for (off_t at = 0; at < st.st_size;) {
		ssize_t n = pread(fd, data + at, (size_t)(st.st_size - at), at);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
	}
	*image = data;
	*len = (size_t)st.st_size;
	return 0;
}

/* The metadata header is the only place with this magic followed by a zero checksum. */
static void seal(void *image, size_t len)
{
	static const char unsealed[16] = OBJECT_MAGIC;
	struct object_header *head = memmem(image, len, unsealed, sizeof(unsealed));

	if (head)
		head->checksum = XXH3_64bits(image, len);
}

int object_write(struct arena *a, const struct gen *g, const struct rules *rules, void **image,
		 size_t *len)
{
	autoclose int fd = memfd_create("kestrel-object", MFD_CLOEXEC);
	struct writer *w = arena_new_of(a, struct writer);
	struct object_btf btf;
	int err;

	if (fd < 0)
		return -errno;
	w->arena = w->strtab.arena = w->shstrtab.arena = a;
	w->g = g;
	w->rules = rules;
	declare_maps(w);
	err = object_btf_build(a, g, w->maps, w->nr_maps, &btf);
	if (!err)
		err = write_elf(w, fd, &btf);
	if (w->elf)
		elf_end(w->elf);
	if (!err)
		err = read_back(a, fd, image, len);
	if (!err)
		seal(*image, *len);
	return err;
}

/* Sections and sizes; llvm-objdump and bpftool show the rest. */
void object_dump(FILE *out, const void *image, size_t len)
{
	Elf *elf = elf_memory((char *)image, len);
	Elf_Scn *scn = NULL;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) != 0) {
		fprintf(out, "not an ELF file\n");
		return;
	}
	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		const Elf64_Shdr *sh = elf64_getshdr(scn);

		fprintf(out, "%-28s %8lu bytes\n", elf_strptr(elf, names, sh->sh_name),
			(unsigned long)sh->sh_size);
	}
	elf_end(elf);
}
