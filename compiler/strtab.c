// SPDX-License-Identifier: Apache-2.0
/* strtab.c - open addressing with linear probing, at most half full; hashes are XXH3. */
#include "strtab.h"

#include <string.h>
#include <xxhash.h>

struct entry {
	uint64_t hash;
	const void *key;
	size_t len;
};

struct strtab {
	struct arena *arena;
	struct entry *entries;
	size_t nr, cap;
	uint32_t *slots; /* entry number + 1, 0: free */
	size_t nr_slots;
};

struct strtab *strtab_new(struct arena *a)
{
	struct strtab *t = arena_new_of(a, struct strtab);

	t->arena = a;
	t->nr_slots = 64;
	t->slots = arena_array(a, t->nr_slots, uint32_t);
	return t;
}

static size_t probe(const struct strtab *t, uint64_t hash, const void *key, size_t len)
{
	size_t i = hash & (t->nr_slots - 1);

	for (; t->slots[i]; i = (i + 1) & (t->nr_slots - 1)) {
		const struct entry *e = &t->entries[t->slots[i] - 1];

		if (e->hash == hash && e->len == len && (len == 0 || memcmp(e->key, key, len) == 0))
			break;
	}
	return i;
}

static void grow(struct strtab *t)
{
	t->nr_slots *= 2;
	t->slots = arena_array(t->arena, t->nr_slots, uint32_t);
	for (size_t n = 0; n < t->nr; n++) {
		size_t i = t->entries[n].hash & (t->nr_slots - 1);

		while (t->slots[i])
			i = (i + 1) & (t->nr_slots - 1);
		t->slots[i] = (uint32_t)n + 1;
	}
}

uint32_t strtab_put(struct strtab *t, const void *key, size_t len, bool *added)
{
	uint64_t hash = XXH3_64bits(key, len);
	size_t i = probe(t, hash, key, len);
	struct entry e = { .hash = hash, .len = len };

	if (added)
		*added = t->slots[i] == 0;
	if (t->slots[i])
		return t->slots[i] - 1;
	e.key = arena_strndup(t->arena, key, len);
	vec_push(t->arena, t->entries, t->nr, t->cap, e);
	t->slots[i] = (uint32_t)t->nr;
	if (2 * t->nr > t->nr_slots)
		grow(t);
	return (uint32_t)t->nr - 1;
}

const void *strtab_key(const struct strtab *t, uint32_t nr, size_t *len)
{
	if (len)
		*len = t->entries[nr].len;
	return t->entries[nr].key;
}

uint32_t strtab_size(const struct strtab *t)
{
	return (uint32_t)t->nr;
}
