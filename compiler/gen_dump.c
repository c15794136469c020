// SPDX-License-Identifier: Apache-2.0
/*
 * gen_dump.c - generated programs as text: the instructions in the kernel's own notation, with the
 * line of the rule above those that decide it. Only what the generator emits is known here.
 */
#include <string.h>

#include "gen_internal.h"

static const char *const alu_names[16] = { "+=",  "-=",  "*=", "/=", "|=", "&=",  "<<=",
					   ">>=", "neg", "%=", "^=", "=",  "s>>=" };
static const char *const jump_names[16] = { "goto", "==",   ">",    ">=", "&",  "!=", "s>",
					    "s>=",  "call", "exit", "<",  "<=", "s<", "s<=" };
static const char *const size_names[4] = { "u32", "u16", "u8", "u64" };
static const char *const symbol_names[] = { "slots", "tail", "k_scratch", "k_pbits", "tables" };

static void alu_dump(FILE *out, const struct bpf_insn *i)
{
	if (BPF_OP(i->code) == BPF_NEG)
		fprintf(out, "r%u = -r%u", i->dst_reg, i->dst_reg);
	else if (BPF_SRC(i->code) == BPF_X)
		fprintf(out, "r%u %s r%u", i->dst_reg, alu_names[BPF_OP(i->code) >> 4], i->src_reg);
	else
		fprintf(out, "r%u %s %d", i->dst_reg, alu_names[BPF_OP(i->code) >> 4], i->imm);
}

static void jump_dump(FILE *out, const struct bpf_insn *i, size_t at)
{
	const char *op = jump_names[BPF_OP(i->code) >> 4];
	char reg = BPF_CLASS(i->code) == BPF_JMP32 ? 'w' : 'r';
	size_t to = (size_t)((long)at + 1 + i->off);

	if (BPF_OP(i->code) == BPF_EXIT)
		fputs("exit", out);
	else if (BPF_OP(i->code) == BPF_CALL)
		fprintf(out, "call %d", i->imm);
	else if (BPF_OP(i->code) == BPF_JA)
		fprintf(out, "goto %zu", to);
	else if (BPF_SRC(i->code) == BPF_X)
		fprintf(out, "if %c%u %s %c%u goto %zu", reg, i->dst_reg, op, reg, i->src_reg, to);
	else
		fprintf(out, "if %c%u %s %d goto %zu", reg, i->dst_reg, op, i->imm, to);
}

static void insn_dump(FILE *out, const struct bpf_insn *i, size_t at)
{
	const char *size = size_names[BPF_SIZE(i->code) >> 3];

	switch (BPF_CLASS(i->code)) {
	case BPF_ALU64:
		alu_dump(out, i);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		jump_dump(out, i, at);
		break;
	case BPF_LDX:
		fprintf(out, "r%u = *(%s *)(r%u %+d)", i->dst_reg, size, i->src_reg, i->off);
		break;
	case BPF_STX:
		fprintf(out,
			BPF_MODE(i->code) == BPF_MEM ? "*(%s *)(r%u %+d) = r%u"
						     : "lock *(%s *)(r%u %+d) += r%u",
			size, i->dst_reg, i->off, i->src_reg);
		break;
	case BPF_ST:
		fprintf(out, "*(%s *)(r%u %+d) = %d", size, i->dst_reg, i->off, i->imm);
		break;
	}
}

static const struct emit_reloc *reloc_at(const struct emit *e, size_t insn)
{
	for (size_t i = 0; i < e->nr_relocs; i++) {
		if (e->relocs[i].insn == insn)
			return &e->relocs[i];
	}
	return NULL;
}

static void span_dump(FILE *out, struct span s)
{
	uint32_t line, col;
	int len = (int)(s.end - s.begin);

	source_locate(s.src, s.begin, &line, &col);
	fprintf(out, "; %s:%u:%u: %.*s\n", s.src->name, line, col,
		(int)strcspn(s.src->text + s.begin, "\n") < len
			? (int)strcspn(s.src->text + s.begin, "\n")
			: len,
		s.src->text + s.begin);
}

static void program_dump(FILE *out, const struct gen_program *p)
{
	size_t line = 0;

	fprintf(out, "%s: %s, %zu instructions\n", p->name, p->kind, p->code.nr);
	for (size_t i = 0; i < p->code.nr; i++) {
		const struct bpf_insn *insn = &p->code.insns[i];
		const struct emit_reloc *r;

		for (; line < p->code.nr_lines && p->code.lines[line].insn <= i; line++)
			span_dump(out, p->code.lines[line].span);
		fprintf(out, "%5zu: ", i);
		if (insn->code == (BPF_LD | BPF_DW | BPF_IMM)) {
			r = reloc_at(&p->code, i);
			if (r)
				fprintf(out, "r%u = %s[%d]\n", insn->dst_reg,
					symbol_names[r->symbol], insn->imm);
			else
				fprintf(out, "r%u = 0x%08x%08x ll\n", insn->dst_reg,
					(unsigned int)insn[1].imm, (unsigned int)insn->imm);
			i++;
			continue;
		}
		insn_dump(out, insn, i);
		fputc('\n', out);
	}
}

void gen_dump(FILE *out, const struct gen *g)
{
	for (size_t i = 0; i < g->nr_names; i++)
		fprintf(out, "table %s: %u bytes at %u\n", g->names[i].name, g->names[i].bytes,
			g->names[i].offset);
	for (size_t i = 0; i < g->nr_programs; i++)
		program_dump(out, &g->programs[i]);
}
