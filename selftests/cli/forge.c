// SPDX-License-Identifier: Apache-2.0
/*
 * forge.c - makes ruleset objects that are wrong: damaged ones, and ones whose checksum is right.
 *
 * in:  forge HOW OBJECT SEED; HOW is
 *        flip    one bit anywhere
 *        magic   a bit of the magic number, checksum made right
 *        schema  a bit of the schema hash, checksum made right
 *        meta    one bit anywhere in the metadata behind the header, checksum made right
 *        any     one bit anywhere, checksum made right
 * out: the object on standard output; what was changed on standard error
 *
 * The same seed makes the same object.
 */
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../../compiler/object_format.h"

#define OBJECT_MAX (16 * 1024 * 1024) /* bytes */

struct object {
	unsigned char *bytes;
	size_t len;
	size_t meta, meta_len; /* of the section .kestrel */
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "forge: cannot %s\n", what);
	exit(1);
}

static void read_object(const char *path, struct object *o)
{
	FILE *f = fopen(path, "re");

	o->bytes = malloc(OBJECT_MAX);
	if (!f || !o->bytes)
		fail("open the object");
	o->len = fread(o->bytes, 1, OBJECT_MAX, f);
	fclose(f);
}

static void find_meta(struct object *o)
{
	Elf *elf = elf_version(EV_CURRENT) ? elf_memory((char *)o->bytes, o->len) : NULL;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		fail("read the object as ELF");
	while ((section = elf_nextscn(elf, section)) != NULL) {
		if (!gelf_getshdr(section, &header))
			fail("read a section header");
		if (strcmp(elf_strptr(elf, names, header.sh_name), OBJECT_META) != 0)
			continue;
		o->meta = header.sh_offset;
		o->meta_len = header.sh_size;
	}
	elf_end(elf);
	if (o->meta_len < sizeof(struct object_header))
		fail("find the metadata");
}

static void make_checksum_right(struct object *o)
{
	unsigned char *at = o->bytes + o->meta + offsetof(struct object_header, checksum);
	uint64_t sum = 0;

	memcpy(at, &sum, sizeof(sum));
	sum = XXH3_64bits(o->bytes, o->len);
	memcpy(at, &sum, sizeof(sum));
}

/* SplitMix64, so that neighbouring seeds differ in every bit. */
static uint64_t spread(uint64_t seed)
{
	uint64_t z = seed + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void flip_in(struct object *o, size_t from, size_t len, uint64_t seed)
{
	const uint64_t bit = spread(seed) % (8 * (uint64_t)len);

	o->bytes[from + bit / 8] ^= (unsigned char)(1u << bit % 8);
	fprintf(stderr, "bit %u of byte %zu\n", (unsigned int)(bit % 8), from + (size_t)bit / 8);
}

#define HEADER_FLIP(o, member, seed)                                   \
	flip_in(o, (o)->meta + offsetof(struct object_header, member), \
		sizeof(((struct object_header *)NULL)->member), seed)

static void forge(struct object *o, const char *how, uint64_t seed)
{
	const size_t header = sizeof(struct object_header);

	if (strcmp(how, "flip") == 0) {
		flip_in(o, 0, o->len, seed);
		return;
	}
	if (strcmp(how, "magic") == 0)
		HEADER_FLIP(o, magic, seed);
	else if (strcmp(how, "schema") == 0)
		HEADER_FLIP(o, schema_hash, seed);
	else if (strcmp(how, "meta") == 0)
		flip_in(o, o->meta + header, o->meta_len - header, seed);
	else if (strcmp(how, "any") == 0)
		flip_in(o, 0, o->len, seed);
	else
		fail("tell what to forge");
	make_checksum_right(o);
}

int main(int argc, char **argv)
{
	struct object o = { 0 };

	if (argc != 4) {
		fputs("usage: forge HOW OBJECT SEED\n", stderr);
		return 2;
	}
	read_object(argv[2], &o);
	find_meta(&o);
	forge(&o, argv[1], strtoull(argv[3], NULL, 10));
	if (fwrite(o.bytes, 1, o.len, stdout) != o.len || fflush(stdout))
		fail("write the object");
	free(o.bytes);
	return 0;
}
