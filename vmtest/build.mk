# SPDX-License-Identifier: Apache-2.0
#
# build.mk - the VM harness.  Included by the top Makefile; usable alone, as the scripts do:
#   make -f vmtest/build.mk build/vmtest/init

BUILD ?= build

# Static, and without sanitizers, whatever the rest is built with: PID 1 stands alone.
VMTEST_CFLAGS := -std=gnu11 -O2 -static -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Werror

##@ Virtual machines

# Replaced in one step: another script may be reading it.
$(BUILD)/vmtest/init: vmtest/init.c
	@mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE $(VMTEST_CFLAGS) -o $@.$$$$ $< && mv $@.$$$$ $@

vm-kernels: ## fetch every kernel of kernels.txt
	$(Q)vmtest/fetch.sh -a

vm-test: $(BUILD)/vmtest/init ## test the VM scripts themselves
	$(Q)vmtest/test.sh

.PHONY: vm-kernels vm-test
