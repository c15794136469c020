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

int emit_finish(struct emit *e)
{
	for (size_t i = 0; i < e->nr_uses && !e->err; i++) {
		const struct emit_use *u = &e->uses[i];
		uint32_t at = e->labels[u->label];
		long off = (long)at - (long)u->insn - 1;

		if (at == UNBOUND)
			e->err = -EINVAL;
		else if (off > SHRT_MAX || off < SHRT_MIN)
			e->err = -ERANGE;
		else
			e->insns[u->insn].off = (short)off;
	}
	return e->err;
}
