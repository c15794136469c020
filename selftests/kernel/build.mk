# SPDX-License-Identifier: Apache-2.0
#
# build.mk - tests that need a running kernel. Included by selftests/build.mk.
#
# The programs are static: they run in VMs. Where the sanitizers are on for the rest, these stay
# without: they need not be there.

KTEST := $(BUILD)/selftests/kernel
KTEST_PARTS := sensor_test process_cases file_cases loss_cases
KTEST_LINKED := $(KTEST_PARTS:%=$(KTEST)/%.o) \
	$(addprefix $(BUILD)/user/,deploy.o running.o procfs.o explain_error.o log.o) \
	$(BUILD)/compiler/libkestrelc.a
KTEST_FILES := $(KTEST)/sensor_test $(KTEST)/trigger $(KTEST)/ruleset_all.bpf.o

$(KTEST)/sensor_test: $(KTEST_LINKED)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -static -o $@ $^ -lbpf -lelf -lz -lpthread

$(KTEST)/trigger: selftests/kernel/trigger.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -static -o $@ $<

$(KTEST)/%.bpf.o: selftests/kernel/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(KERN_CFLAGS) -c -o $@ $<

# make sensor-test KERNELS="5.10 6.1": which kernels of kernels.txt; all by default
KERNELS ?= $(shell awk '/^[0-9]/ {print $$1}' kernels.txt)

.PHONY: ktest-files sensor-test
ktest-files: $(KTEST_FILES)
sensor-test: $(KTEST_FILES) ## the sensor's own tests in a VM of each kernel
	$(Q)for k in $(KERNELS); do echo "== $$k"; vmtest/run.sh \
		-f $(KTEST)/sensor_test:/t/sensor_test -f $(KTEST)/trigger:/t/trigger \
		-f $(KTEST)/ruleset_all.bpf.o:/t/ruleset_all.bpf.o -t 900 $$k -- \
		/t/sensor_test /t/ruleset_all.bpf.o /t/trigger || exit 1; done
