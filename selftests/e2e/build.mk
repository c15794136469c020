# SPDX-License-Identifier: Apache-2.0
#
# build.mk - tests of kestrel as a whole, in VMs. Included by selftests/build.mk.
#
# Static where it is watched: a dynamic program would open its libraries before the act.

E2E := $(BUILD)/selftests/e2e
E2E_FILES := $(E2E)/play $(E2E)/inventory $(E2E)/check
TEST_PROGRAMS += $(E2E_FILES)

$(E2E)/play: $(E2E)/play.o $(E2E)/acts.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -static -o $@ $^ -lpthread

$(E2E)/inventory: $(E2E)/inventory.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -static -o $@ $^

$(E2E)/check: $(addprefix $(E2E)/,check.o check_alert.o check_summary.o acts.o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ljansson

.PHONY: e2e-test
e2e-test: all $(E2E_FILES) ## kestrel run and its alerts, in a VM of each kernel
	$(Q)for k in $(KERNELS); do echo "== $$k"; selftests/e2e/vm.sh $$k || exit 1; done
