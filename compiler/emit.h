/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit.h - a BPF assembler with labels, relocations and source lines.
 *
 * in:  a stream of instructions
 * out: patched instructions; relocations against symbols; (instruction, span) pairs
 *
 * Errors are sticky: after the first one every call is a no-op and emit_finish() returns it.
 */
#ifndef COMPILER_EMIT_H
#define COMPILER_EMIT_H

#include <linux/bpf.h>

#include "diag.h"

/* What a relocation points at: a map, or a place in the table section. */
enum emit_symbol { SYMBOL_SLOTS, SYMBOL_TAIL, SYMBOL_SCRATCH, SYMBOL_PBITS, SYMBOL_TABLES };

struct emit_reloc {
	uint32_t insn;
	enum emit_symbol symbol;
};

struct emit_line {
	uint32_t insn;
	struct span span;
};

struct emit_use;

struct emit {
	struct arena *arena;
	struct bpf_insn *insns;
	size_t nr, cap;
	uint32_t *labels; /* label -> instruction */
	size_t nr_labels, cap_labels;
	struct emit_use *uses; /* jumps that wait for their label */
	size_t nr_uses, cap_uses;
	struct emit_reloc *relocs;
	size_t nr_relocs, cap_relocs;
	struct emit_line *lines;
	size_t nr_lines, cap_lines;
	int err;
};

void emit_init(struct emit *e, struct arena *a);

int emit_label(struct emit *e);
void emit_bind(struct emit *e, int label);

/* Instructions from here on belong to this place in a rule. */
void emit_at(struct emit *e, struct span span);

void emit_insn(struct emit *e, struct bpf_insn insn);
void emit_jump(struct emit *e, struct bpf_insn insn, int label);

/* dst = address of a map, or of tables + offset. Two instructions. */
void emit_address(struct emit *e, int dst, enum emit_symbol symbol, uint32_t offset);
void emit_const64(struct emit *e, int dst, uint64_t value);

/* Resolve all jumps. 0, or the first error: -ERANGE a jump is too far. */
int emit_finish(struct emit *e);

/* Instruction builders; the names are those of linux/filter.h. */
#define INSN(c, d, s, o, i)                      \
	((struct bpf_insn){ .code = (c),         \
			    .dst_reg = (d),      \
			    .src_reg = (s),      \
			    .off = (int16_t)(o), \
			    .imm = (int32_t)(i) })
#define MOV_REG(d, s)        INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)        INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ALU_REG(op, d, s)    INSN(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define ALU_IMM(op, d, i)    INSN(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define NEG(d)               INSN(BPF_ALU64 | BPF_NEG, d, 0, 0, 0)
#define LOAD(size, d, s, o)  INSN(BPF_LDX | (size) | BPF_MEM, d, s, o, 0)
#define STORE(size, d, o, s) INSN(BPF_STX | (size) | BPF_MEM, d, s, o, 0)
#define ATOMIC_ADD(d, o, s)  INSN(BPF_STX | BPF_DW | BPF_XADD, d, s, o, 0)
#define JUMP_IMM(op, d, i)   INSN(BPF_JMP | (op) | BPF_K, d, 0, 0, i)
#define JUMP_REG(op, d, s)   INSN(BPF_JMP | (op) | BPF_X, d, s, 0, 0)
#define JUMP32_IMM(op, d, i) INSN(BPF_JMP32 | (op) | BPF_K, d, 0, 0, i)
#define JUMP()               INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0)
#define CALL(f)              INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()               INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#endif /* COMPILER_EMIT_H */
