# SPDX-License-Identifier: Apache-2.0
# Unit tests: one program for each test_*.c, with the compiler's library, under ASan and UBSan.

UNIT_BUILD := $(BUILD)/selftests/unit
UNIT_SRC := $(sort $(wildcard selftests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SRC:selftests/unit/%.c=$(UNIT_BUILD)/%)
UNIT_LIB := $(UNIT_BUILD)/libkestrelc.a
# gcc's -Wformat-truncation misreads vsnprintf(NULL, 0, ...) when the sanitizers are on.
# cmocka hands every test a state, which few use.
UNIT_CFLAGS := $(KCFLAGS) -Wno-format-truncation -Wno-unused-parameter -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer

.PHONY: unit-programs
unit-programs: $(UNIT_TESTS)

$(UNIT_BUILD)/%.o: %.c | $(DEPS_STAMP)
	$(call say,CC,$< (sanitized))
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -DKESTREL_VERSION='"$(VERSION)"' -c -o $@ $<

$(UNIT_LIB): $(COMPILER_SRC:%.c=$(UNIT_BUILD)/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(UNIT_TESTS): $(UNIT_BUILD)/%: $(UNIT_BUILD)/selftests/unit/%.o $(UNIT_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) -o $@ $^ -lcmocka $(LDLIBS_COMPILER)
