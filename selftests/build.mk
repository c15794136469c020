# SPDX-License-Identifier: Apache-2.0
# selftests/: everything that is built for tests, the demonstration and the benchmark.

include selftests/unit/build.mk
include selftests/unit/user.mk
include selftests/agree/build.mk
include selftests/kernel/build.mk
include selftests/demo/build.mk
include selftests/bench/build.mk
include selftests/cli/build.mk
include selftests/e2e/build.mk

##@ Test
.PHONY: test test-programs check
test-programs: all $(UNIT_TESTS) $(AGREE) $(KTEST_FILES) $(BUILD)/vmtest/init $(TEST_PROGRAMS)

test: test-programs ## everything that can be tested, in VMs of every kernel too (SUITES=... selects)
	$(Q)selftests/run.sh $(SUITES)

check: all $(UNIT_TESTS) ## what needs neither root nor a VM, in seconds
	$(Q)selftests/run.sh lint unit golden cli
