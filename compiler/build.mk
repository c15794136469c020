# SPDX-License-Identifier: Apache-2.0
# compiler/: a library (for kestrel and the tests) and the command kestrelc.

COMPILER_SRC := $(filter-out compiler/kestrelc.c,$(sort $(wildcard compiler/*.c)))
COMPILER_OBJ := $(COMPILER_SRC:%.c=$(BUILD)/%.o)
LIBKESTRELC := $(BUILD)/compiler/libkestrelc.a

$(LIBKESTRELC): $(COMPILER_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/bin/kestrelc: $(BUILD)/compiler/kestrelc.o $(LIBKESTRELC)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_COMPILER)
