# SPDX-License-Identifier: Apache-2.0
#
# user.mk - the unit tests of user/. Include it after build.mk, which builds every test_*.c: here is
# what those of user/ need beside the compiler's library.

USER_UNIT_TESTS := $(addprefix $(UNIT_BUILD)/,test_account test_alert test_engine test_event \
	test_proctable test_text)
USER_UNIT_OBJECTS := $(patsubst %,$(UNIT_BUILD)/user/%.o,account alert alert_compact clocks ecs \
	engine event proctable severity text)

$(USER_UNIT_TESTS): $(USER_UNIT_OBJECTS)
# The library again: the objects of user/ come after it.
$(USER_UNIT_TESTS): LDLIBS_COMPILER := $(UNIT_LIB) -ljansson -lxxhash
