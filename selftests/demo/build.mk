# SPDX-License-Identifier: Apache-2.0
#
# build.mk - the demonstration. Included by the top Makefile.

##@ Demonstration
.PHONY: demo
demo: $(BUILD)/bin/kestrel $(BUILD)/selftests/demo/actor ## boot a VM, play attacks, show the alerts
	$(Q)selftests/demo/demo.sh

# Static: it is copied about under other names.
$(BUILD)/selftests/demo/actor: selftests/demo/actor.c | $(DEPS_STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KCFLAGS) $(CFLAGS) -static -o $@ $<
