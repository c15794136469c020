# SPDX-License-Identifier: Apache-2.0
#
# build.mk - tests of the commands on this machine. Included by selftests/build.mk.

CLI_TEST := $(BUILD)/selftests/cli
TEST_PROGRAMS += $(CLI_TEST)/forge

$(CLI_TEST)/forge: $(CLI_TEST)/forge.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lelf -lxxhash

.PHONY: cli-test
check: $(CLI_TEST)/forge
cli-test: $(BUILD)/bin/kestrelc $(BUILD)/bin/kestrel $(CLI_TEST)/forge ## tests of the commands, which load nothing
	$(Q)selftests/cli/run.sh
