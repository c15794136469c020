# SPDX-License-Identifier: Apache-2.0
#
# build.mk - the sensor's BPF objects and their skeletons. Included by the top Makefile; usable
# alone:  make -f kern/build.mk build/skel/inject.skel.h

BUILD ?= build
CLANG ?= clang-14
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)

KERN_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/')
# v2: 5.10 knows its jumps. stdbool.h and the uapi headers are all that is included.
# No block placement: it may put the end of a loop before its head and let it fall through, which
# 5.10 takes for a loop it does not allow ("back-edge from insn").
KERN_CFLAGS := -target bpf -mcpu=v2 -mllvm -disable-block-placement -D__TARGET_ARCH_$(KERN_ARCH) -O2 -g -std=gnu11 \
	-Wall -Wextra -Wshadow -Wno-unused-parameter -Werror \
	-isystem /usr/include/$(shell uname -m)-linux-gnu -MMD -MP

SENSOR_PARTS := process file
INJECT_PARTS := inject tasks
SKELETONS := $(BUILD)/skel/sensor.skel.h $(BUILD)/skel/inject.skel.h

$(BUILD)/kern/%.bpf.part.o: kern/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(KERN_CFLAGS) -c -o $@ $<

$(BUILD)/kern/sensor.bpf.o: $(SENSOR_PARTS:%=$(BUILD)/kern/%.bpf.part.o)
$(BUILD)/kern/inject.bpf.o: $(INJECT_PARTS:%=$(BUILD)/kern/%.bpf.part.o)
$(BUILD)/kern/sensor.bpf.o $(BUILD)/kern/inject.bpf.o:
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

# The name is given: bpftool would make one of the file name, "sensor_bpf".
$(BUILD)/skel/%.skel.h: $(BUILD)/kern/%.bpf.o
	$(call say,SKEL,$@)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@

# Who includes a skeleton.
$(BUILD)/user/deploy.o $(BUILD)/user/running.o: KCFLAGS += -I$(BUILD)
$(BUILD)/user/deploy.o $(BUILD)/user/running.o: $(SKELETONS)

-include $(wildcard $(BUILD)/kern/*.bpf.part.d)

.DELETE_ON_ERROR:
.PHONY: kern
kern: $(SKELETONS)
