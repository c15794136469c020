// SPDX-License-Identifier: Apache-2.0
/* emit.c - see emit.h. */
#include "emit.h"

#include <errno.h>
#include <limits.h>

#define UNBOUND UINT32_MAX

struct emit_use {
	uint32_t insn;
	int label;
};

void emit_init(struct emit *e, struct arena *a)
{
	*e = (struct emit){ .arena = a };
}

int emit_label(struct emit *e)
{
	vec_push(e->arena, e->labels, e->nr_labels, e->cap_labels, UNBOUND);
	return (int)e->nr_labels - 1;
}

void emit_bind(struct emit *e, int label)
{
	e->labels[label] = (uint32_t)e->nr;
}

void emit_at(struct emit *e, struct span span)
{
	struct emit_line line = { .insn = (uint32_t)e->nr, .span = span };

	if (e->nr_lines && e->lines[e->nr_lines - 1].insn == line.insn)
		e->nr_lines--;
	vec_push(e->arena, e->lines, e->nr_lines, e->cap_lines, line);
}

void emit_insn(struct emit *e, struct bpf_insn insn)
{
	if (!e->err)
		vec_push(e->arena, e->insns, e->nr, e->cap, insn);
}

void emit_jump(struct emit *e, struct bpf_insn insn, int label)
{
	struct emit_use use = { .insn = (uint32_t)e->nr, .label = label };

	vec_push(e->arena, e->uses, e->nr_uses, e->cap_uses, use);
	emit_insn(e, insn);
}

void emit_address(struct emit *e, int dst, enum emit_symbol symbol, uint32_t offset)
{
	struct emit_reloc r = { .insn = (uint32_t)e->nr, .symbol = symbol };

	vec_push(e->arena, e->relocs, e->nr_relocs, e->cap_relocs, r);
	emit_insn(e, INSN(BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, offset));
	emit_insn(e, INSN(0, 0, 0, 0, 0));
}

void emit_const64(struct emit *e, int dst, uint64_t value)
{
	emit_insn(e, INSN(BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, (uint32_t)value));
	emit_insn(e, INSN(0, 0, 0, 0, value >> 32));
}

static bool is_wide(struct bpf_insn i)
{
	return i.code == (BPF_LD | BPF_DW | BPF_IMM);
}

/* A jump that has no label goes to the next instruction. */
static bool is_branch(struct bpf_insn i)
{
	uint8_t class = BPF_CLASS(i.code), op = BPF_OP(i.code);

	return class == BPF_JMP32 || (class == BPF_JMP && op != BPF_CALL && op != BPF_EXIT);
}

static bool falls_through(struct bpf_insn i)
{
	return i.code != (BPF_JMP | BPF_JA) && i.code != (BPF_JMP | BPF_EXIT);
}

/* Mark what can be reached from instruction 0; `target` is by instruction, for branches. */
static void mark_reachable(const struct emit *e, const uint32_t *target, bool *reached)
{
	uint32_t *todo = arena_array(e->arena, e->nr + 1, uint32_t);
	size_t nr = 0;

	todo[nr++] = 0;
	while (nr) {
		uint32_t i = todo[--nr];

		while (i < e->nr && !reached[i]) {
			struct bpf_insn insn = e->insns[i];

			reached[i] = true;
			if (is_wide(insn) && i + 1 < e->nr)
				reached[++i] = true;
			if (is_branch(insn) && !reached[target[i]])
				todo[nr++] = target[i];
			if (!falls_through(insn))
				break;
			i++;
		}
	}
}

/*
 * The kernel refuses programs with instructions that cannot be reached (check_cfg), and blocks
 * that are shared by many callers are there whether somebody jumps to them or not: drop them.
 */
static void drop_unreachable(struct emit *e)
{
	uint32_t *target = arena_array(e->arena, e->nr + 1, uint32_t);
	uint32_t *moved = arena_array(e->arena, e->nr + 1, uint32_t);
	bool *reached = arena_array(e->arena, e->nr + 1, bool);
	uint32_t nr = 0;
	size_t kept = 0;

	for (uint32_t i = 0; i < e->nr; i++)
		target[i] = i + 1;
	for (size_t i = 0; i < e->nr_uses; i++)
		target[e->uses[i].insn] = e->labels[e->uses[i].label];
	mark_reachable(e, target, reached);
	for (uint32_t i = 0; i < e->nr; i++) {
		moved[i] = nr;
		if (reached[i])
			e->insns[nr++] = e->insns[i];
	}
	moved[e->nr] = nr;
	e->nr = nr;
	for (size_t i = 0; i < e->nr_labels; i++) {
		if (e->labels[i] != UNBOUND)
			e->labels[i] = moved[e->labels[i]];
	}
	for (size_t i = 0; i < e->nr_uses; i++) {
		if (reached[e->uses[i].insn])
			e->uses[kept++] =
				(struct emit_use){ moved[e->uses[i].insn], e->uses[i].label };
	}
	e->nr_uses = kept;
	kept = 0;
	for (size_t i = 0; i < e->nr_relocs; i++) {
		if (reached[e->relocs[i].insn])
			e->relocs[kept++] = (struct emit_reloc){ moved[e->relocs[i].insn],
								 e->relocs[i].symbol };
	}
	e->nr_relocs = kept;
	kept = 0;
	for (size_t i = 0; i < e->nr_lines; i++) {
		struct emit_line line = { moved[e->lines[i].insn], e->lines[i].span };

		if (kept && e->lines[kept - 1].insn == line.insn)
			kept--;
		e->lines[kept++] = line;
	}
	e->nr_lines = kept;
}

int emit_finish(struct emit *e)
{
	for (size_t i = 0; i < e->nr_uses && !e->err; i++) {
		if (e->labels[e->uses[i].label] == UNBOUND)
			e->err = -EINVAL;
	}
	if (!e->err)
		drop_unreachable(e);
	for (size_t i = 0; i < e->nr_uses && !e->err; i++) {
		const struct emit_use *u = &e->uses[i];
		long off = (long)e->labels[u->label] - (long)u->insn - 1;

		if (off > SHRT_MAX || off < SHRT_MIN)
			e->err = -ERANGE;
		else
			e->insns[u->insn].off = (short)off;
	}
	return e->err;
}
