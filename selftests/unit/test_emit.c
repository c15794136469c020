// SPDX-License-Identifier: Apache-2.0
/* test_emit.c - the assembler: labels, what cannot be reached, jumps that are too far. */
#include "front.h"

#include <string.h>

#include "../../compiler/emit.h"

static void jumps_reach_their_labels_both_ways(void **state)
{
	autoptr(arena) a = arena_new();
	struct emit e;
	int back, ahead;

	emit_init(&e, a);
	back = emit_label(&e);
	ahead = emit_label(&e);
	emit_bind(&e, back);
	emit_insn(&e, MOV_IMM(0, 0));
	emit_jump(&e, JUMP_IMM(BPF_JEQ, 0, 1), ahead);
	emit_jump(&e, JUMP_IMM(BPF_JEQ, 0, 2), back);
	emit_bind(&e, ahead);
	emit_insn(&e, EXIT());
	assert_int_equal(emit_finish(&e), 0);
	assert_int_equal(e.insns[1].off, 1);
	assert_int_equal(e.insns[2].off, -3);
}

static void unreachable_code_goes_and_the_rest_still_fits(void **state)
{
	autoptr(arena) a = arena_new();
	struct emit e;
	int end;

	emit_init(&e, a);
	end = emit_label(&e);
	emit_jump(&e, JUMP(), end);
	emit_insn(&e, MOV_IMM(0, 1)); /* nobody comes here */
	emit_address(&e, 1, SYMBOL_SLOTS, 0);
	emit_bind(&e, end);
	emit_address(&e, 2, SYMBOL_TABLES, 8);
	emit_insn(&e, EXIT());
	assert_int_equal(emit_finish(&e), 0);
	assert_int_equal(e.nr, 4);
	assert_int_equal(e.insns[0].off, 0);
	assert_int_equal(e.nr_relocs, 1);
	assert_int_equal(e.relocs[0].insn, 1);
	assert_int_equal(e.relocs[0].symbol, SYMBOL_TABLES);
}

static void an_unbound_label_is_an_error(void **state)
{
	autoptr(arena) a = arena_new();
	struct emit e;

	emit_init(&e, a);
	emit_jump(&e, JUMP(), emit_label(&e));
	emit_insn(&e, EXIT());
	assert_int_equal(emit_finish(&e), -EINVAL);
}

static void a_jump_that_is_too_far_is_an_error(void **state)
{
	autoptr(arena) a = arena_new();
	struct emit e;
	int end;

	emit_init(&e, a);
	end = emit_label(&e);
	emit_jump(&e, JUMP_IMM(BPF_JEQ, 0, 0), end);
	for (int i = 0; i < 32768; i++)
		emit_insn(&e, MOV_IMM(0, 0));
	emit_bind(&e, end);
	emit_insn(&e, EXIT());
	assert_int_equal(emit_finish(&e), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps_reach_their_labels_both_ways),
		cmocka_unit_test(unreachable_code_goes_and_the_rest_still_fits),
		cmocka_unit_test(an_unbound_label_is_an_error),
		cmocka_unit_test(a_jump_that_is_too_far_is_an_error),
	};

	return cmocka_run_group_tests_name("emit", tests, NULL, NULL);
}
