# SPDX-License-Identifier: Apache-2.0
#
# build.mk - the program kestrel. Included by the top Makefile.

USER_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard user/*.c))
USER_LIBS := -lelf -lbpf -ljansson -lxxhash

# Only the deployment knows the sensor's skeletons, which are made by the build.
$(BUILD)/user/deploy.o: KCFLAGS += -I$(BUILD)
$(BUILD)/user/deploy.o: $(SKELETONS)

$(BUILD)/bin/kestrel: $(USER_OBJECTS) $(BUILD)/compiler/libkestrelc.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS)
