// SPDX-License-Identifier: Apache-2.0
/*
 * object_btf.c - .BTF and .BTF.ext.
 *
 * .BTF types every program (int f(void *ctx)), every map in libbpf's declaration form, and every
 * table as an array variable, so that bpftool shows them by name. .BTF.ext carries func_info, which
 * ties programs to their types, and line_info that points into the rules: the verifier log and
 * bpftool print the line of EQL above the instructions that decide it.
 *
 * The format of .BTF.ext is that of Documentation/bpf/btf.rst; libbpf has no writer for it.
 */
#include "object_btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "err.h"

struct builder {
	struct arena *arena;
	struct btf *btf;
	const struct gen *g;
	int u8, u16, u32, u64, s32, index, chars;
	int *functions; /* type ids by program */
	int err;
};

/* Remember the first failure; later ids are not used then. */
static int id_of(struct builder *b, int id)
{
	if (id < 0 && !b->err)
		b->err = id;
	return id;
}

static void add_basic_types(struct builder *b)
{
	b->u8 = id_of(b, btf__add_int(b->btf, "unsigned char", 1, 0));
	b->u16 = id_of(b, btf__add_int(b->btf, "unsigned short", 2, 0));
	b->u32 = id_of(b, btf__add_int(b->btf, "unsigned int", 4, 0));
	b->u64 = id_of(b, btf__add_int(b->btf, "unsigned long", 8, 0));
	b->s32 = id_of(b, btf__add_int(b->btf, "int", 4, BTF_INT_SIGNED));
	b->index = b->u32;
	b->chars = id_of(b, btf__add_int(b->btf, "char", 1, BTF_INT_CHAR));
}

static void add_functions(struct builder *b)
{
	int ptr = id_of(b, btf__add_ptr(b->btf, 0));
	int proto = id_of(b, btf__add_func_proto(b->btf, b->s32));

	id_of(b, btf__add_func_param(b->btf, "ctx", ptr));
	b->functions = arena_array(b->arena, b->g->nr_programs + 1, int);
	for (size_t i = 0; i < b->g->nr_programs; i++)
		b->functions[i] = id_of(b, btf__add_func(b->btf, b->g->programs[i].name,
							 BTF_FUNC_GLOBAL, proto));
}

/* How libbpf reads a number in a map definition: the member is a pointer to int[number]. */
static int number_pointer(struct builder *b, uint32_t value)
{
	int array = id_of(b, btf__add_array(b->btf, b->index, b->s32, value));

	return id_of(b, btf__add_ptr(b->btf, array));
}

static int add_map(struct builder *b, const struct object_map *m)
{
	static const char *const names[] = { "type", "key_size", "value_size", "max_entries",
					     "map_flags" };
	const uint32_t values[] = { m->type, m->key_size, m->value_size, m->max_entries, m->flags };
	int pointers[ARRAY_SIZE(names)], type;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		pointers[i] = number_pointer(b, values[i]);
	type = id_of(b, btf__add_struct(b->btf, NULL, OBJECT_MAP_DEF_SIZE));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		id_of(b, btf__add_field(b->btf, names[i], pointers[i], 64 * (uint32_t)i, 0));
	return id_of(b, btf__add_var(b->btf, m->name, BTF_VAR_GLOBAL_ALLOCATED, type));
}

static void add_maps(struct builder *b, const struct object_map *maps, size_t nr)
{
	int *vars = arena_array(b->arena, nr + 1, int);

	for (size_t i = 0; i < nr; i++)
		vars[i] = add_map(b, &maps[i]);
	id_of(b, btf__add_datasec(b->btf, ".maps", (uint32_t)nr * OBJECT_MAP_DEF_SIZE));
	for (size_t i = 0; i < nr; i++)
		id_of(b,
		      btf__add_datasec_var_info(b->btf, vars[i], (uint32_t)i * OBJECT_MAP_DEF_SIZE,
						OBJECT_MAP_DEF_SIZE));
}

static int element_type(const struct builder *b, uint32_t bytes)
{
	return bytes == 1 ? b->u8 : bytes == 2 ? b->u16 : bytes == 4 ? b->u32 : b->u64;
}

static void add_tables(struct builder *b)
{
	const struct gen *g = b->g;
	int *vars = arena_array(b->arena, g->nr_names + 1, int);
	int license, array;

	for (size_t i = 0; i < g->nr_names; i++) {
		const struct gen_table *t = &g->names[i];

		array = id_of(b, btf__add_array(b->btf, b->index, element_type(b, t->elem),
						t->bytes / t->elem));
		vars[i] = id_of(b, btf__add_var(b->btf, t->name, BTF_VAR_STATIC, array));
	}
	id_of(b, btf__add_datasec(b->btf, ".rodata", (uint32_t)g->nr_bytes));
	for (size_t i = 0; i < g->nr_names; i++)
		id_of(b, btf__add_datasec_var_info(b->btf, vars[i], g->names[i].offset,
						   g->names[i].bytes));
	array = id_of(b, btf__add_array(b->btf, b->index, b->chars, sizeof("GPL")));
	license = id_of(b, btf__add_var(b->btf, "LICENSE", BTF_VAR_GLOBAL_ALLOCATED, array));
	id_of(b, btf__add_datasec(b->btf, "license", sizeof("GPL")));
	id_of(b, btf__add_datasec_var_info(b->btf, license, 0, sizeof("GPL")));
}

struct bytes {
	struct arena *arena;
	uint32_t *v;
	size_t nr, cap;
};

static void put(struct bytes *b, uint32_t x)
{
	vec_push(b->arena, b->v, b->nr, b->cap, x);
}

static uint32_t str_of(struct builder *b, const char *s)
{
	return (uint32_t)id_of(b, btf__add_str(b->btf, s));
}

/* The line of text around an offset, without its indentation. */
static const char *line_text(struct arena *a, struct span span)
{
	const char *text = span.src->text, *begin = text + span.begin, *end = begin;

	while (begin > text && begin[-1] != '\n')
		begin--;
	while (*begin == ' ' || *begin == '\t')
		begin++;
	while (*end && *end != '\n')
		end++;
	return arena_strndup(a, begin, end > begin ? (size_t)(end - begin) : 0);
}

static void put_line(struct builder *b, struct bytes *out, uint32_t insn, struct span span)
{
	uint32_t line, col;

	source_locate(span.src, span.begin, &line, &col);
	put(out, insn * 8);
	put(out, str_of(b, span.src->name));
	put(out, str_of(b, line_text(b->arena, span)));
	put(out, line << 10 | (col < 1023 ? col : 1023));
}

/* Programs [first, end) share a section; their instructions follow each other. */
static void section_lines(struct builder *b, struct bytes *out, size_t first, size_t end)
{
	uint32_t base = 0, nr = 0;
	size_t nr_at;

	put(out, str_of(b, arena_printf(b->arena, "kestrel/%s",
					event_kinds[b->g->programs[first].event].name)));
	nr_at = out->nr;
	put(out, 0);
	for (size_t i = first; i < end; i++) {
		const struct gen_program *p = &b->g->programs[i];

		/* The kernel wants a line for the first instruction. */
		put(out, base * 8);
		put(out, str_of(b, "kestrel"));
		put(out, str_of(b, arena_printf(b->arena, "%s: %s", p->name, p->kind)));
		put(out, 1 << 10);
		nr++;
		for (size_t k = 0; k < p->code.nr_lines; k++) {
			if (p->code.lines[k].insn >= p->code.nr)
				continue;
			put_line(b, out, base + p->code.lines[k].insn, p->code.lines[k].span);
			nr++;
		}
		base += (uint32_t)p->code.nr;
	}
	out->v[nr_at] = nr;
}

static void section_functions(struct builder *b, struct bytes *out, size_t first, size_t end)
{
	uint32_t base = 0;

	put(out, str_of(b, arena_printf(b->arena, "kestrel/%s",
					event_kinds[b->g->programs[first].event].name)));
	put(out, (uint32_t)(end - first));
	for (size_t i = first; i < end; i++) {
		put(out, base * 8);
		put(out, (uint32_t)b->functions[i]);
		base += (uint32_t)b->g->programs[i].code.nr;
	}
}

typedef void section_fn(struct builder *b, struct bytes *out, size_t first, size_t end);

static void each_section(struct builder *b, struct bytes *out, section_fn *fn)
{
	const struct gen *g = b->g;

	for (size_t first = 0, end; first < g->nr_programs; first = end) {
		for (end = first;
		     end < g->nr_programs && g->programs[end].event == g->programs[first].event;)
			end++;
		fn(b, out, first, end);
	}
}

static void build_ext(struct builder *b, struct object_btf *out)
{
	struct bytes funcs = { .arena = b->arena }, lines = { .arena = b->arena };
	uint32_t header[6] = { 0xeb9f | 1 << 16, 24, 0, 0, 0, 0 };
	uint8_t *ext;

	put(&funcs, 8);
	each_section(b, &funcs, section_functions);
	put(&lines, 16);
	each_section(b, &lines, section_lines);
	header[3] = (uint32_t)funcs.nr * 4;
	header[4] = header[3];
	header[5] = (uint32_t)lines.nr * 4;
	out->ext_len = 24 + header[3] + header[5];
	ext = arena_alloc(b->arena, out->ext_len);
	memcpy(ext, header, sizeof(header));
	memcpy(ext + 24, funcs.v, header[3]);
	memcpy(ext + 24 + header[3], lines.v, header[5]);
	out->ext = ext;
}

int object_btf_build(struct arena *a, const struct gen *g, const struct object_map *maps,
		     size_t nr_maps, struct object_btf *out)
{
	struct builder b = { .arena = a, .g = g };
	const void *data;

	b.btf = btf__new_empty();
	if (!b.btf)
		return -errno;
	add_basic_types(&b);
	add_functions(&b);
	add_maps(&b, maps, nr_maps);
	add_tables(&b);
	build_ext(&b, out);
	data = btf__raw_data(b.btf, &out->btf_len);
	if (!data && !b.err)
		b.err = -ENOMEM;
	if (data)
		out->btf = arena_strndup(a, data, out->btf_len);
	btf__free(b.btf);
	return b.err;
}
