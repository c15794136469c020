# SPDX-License-Identifier: Apache-2.0
#
# build.mk - agreement between evaluator and generated programs. Included by selftests/build.mk.

AGREE := $(BUILD)/selftests/agree/agree

$(BUILD)/selftests/agree/judge.o: KCFLAGS += -I$(BUILD)
$(BUILD)/selftests/agree/judge.o: $(SKELETONS)

$(AGREE): $(BUILD)/selftests/agree/agree.o $(BUILD)/selftests/agree/judge.o $(LIBKESTRELC)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS_COMPILER)
