# SPDX-License-Identifier: Apache-2.0
#
# build.mk - the benchmark: what judging costs by number of rules. Included by selftests/build.mk.

BENCH := $(BUILD)/selftests/bench
BENCH_FILES := $(addprefix $(BENCH)/, \
	gen_rules cost native empty empty.bpf.o workload tiny)

# make bench SEED=7 NUMBERS="1 50 500": other rules, other sizes
SEED ?= 1
NUMBERS ?= 1 10 100 1000

##@ Benchmark
.PHONY: bench bench-files
bench-files: $(BENCH_FILES)
bench: all bench-files ## costs by number of rules; table in build/bench/results.txt
	$(Q)selftests/bench/bench.sh -s $(SEED) $(NUMBERS)

$(BENCH)/chain.o: KCFLAGS += -I$(BUILD)
$(BENCH)/chain.o: $(SKELETONS)

$(BENCH)/gen_rules $(BENCH)/cost: $(BENCH)/%: $(BENCH)/%.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^

$(BENCH)/native: $(BENCH)/native.o $(BENCH)/chain.o $(LIBKESTRELC)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS_COMPILER)

$(BENCH)/empty: $(BENCH)/empty.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lbpf

# Static: its pages are copied at each fork, and it needs no library in the VM.
$(BENCH)/workload: selftests/bench/workload.c selftests/bench/events.h
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -static -o $@ $<

$(BENCH)/tiny: selftests/bench/tiny.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -static -nostdlib -ffreestanding -fno-stack-protector \
		-o $@ $<

$(BENCH)/%.bpf.o: selftests/bench/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(KERN_CFLAGS) -c -o $@ $<
