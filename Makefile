# SPDX-License-Identifier: Apache-2.0
# Kestrel - the whole build: one build.mk a folder, all output below build/.

BUILD := build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang-14
LLVM_STRIP ?= llvm-strip-14
CLANG_FORMAT ?= $(firstword $(wildcard /usr/bin/clang-format-14 /usr/bin/clang-format) clang-format)
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef \
	-Wvla -Wimplicit-fallthrough -Werror
CFLAGS ?= -O2 -g
# -isystem paths of this tree come last on purpose: a local header never hides a system one.
KCFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARN) -MMD -MP
LDLIBS_COMPILER := -lelf -lbpf -lxxhash
VERSION := $(shell cat VERSION)

Q := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-8s %s\n' '$(1)' '$(2)')

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.SUFFIXES:

##@ Build
.PHONY: all clean help
all: $(BUILD)/bin/kestrelc $(BUILD)/bin/kestrel ## the programs: build/bin/kestrelc and build/bin/kestrel

include deps.mk
include compiler/build.mk
include kern/build.mk
include user/build.mk
include vmtest/build.mk
include selftests/build.mk

##@ Use
.PHONY: run
run: all ## watch this machine with rules/ (as root; RULES=DIR for others)
	$(BUILD)/bin/kestrel run --rules $(or $(RULES),rules)

$(BUILD)/%.o: %.c | $(DEPS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KCFLAGS) $(CFLAGS) -DKESTREL_VERSION='"$(VERSION)"' -c -o $@ $<

##@ Help
.PHONY: fmt
fmt: ## format every C file (clang-format 14, so that the result is stable)
	@$(CLANG_FORMAT) --version | grep -q 'version 14\.' || \
		{ echo "fmt needs clang-format 14: apt install clang-format-14" >&2; exit 1; }
	$(Q)git ls-files '*.c' '*.h' | xargs $(CLANG_FORMAT) -i

clean: ## remove everything that was built (kernels of the VM matrix stay in build/vm)
	$(Q)find $(BUILD) -mindepth 1 -maxdepth 1 ! -name vm -exec rm -rf {} + 2>/dev/null || true

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	     /^[a-zA-Z0-9_%-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(shell find $(BUILD) -name '*.d' -not -path '$(BUILD)/vm/*' 2>/dev/null)
