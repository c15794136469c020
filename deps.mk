# SPDX-License-Identifier: Apache-2.0
# What has to be installed. Targets that install by themselves: deps, demo, test, bench. All others
# say what is missing.

DEPS_STAMP := $(BUILD)/deps.stamp
DEPS_INSTALL := $(if $(filter deps demo test bench,$(MAKECMDGOALS)),--install)
DEPS_GROUPS := build vm test

$(DEPS_STAMP): dist/deps.sh deps.mk
	@dist/deps.sh $(DEPS_INSTALL) $(if $(DEPS_INSTALL),$(DEPS_GROUPS),build)
	@mkdir -p $(@D) && touch $@

.PHONY: deps
deps: ## install every package that building and testing need
	@dist/deps.sh --install $(DEPS_GROUPS)
	@mkdir -p $(BUILD) && touch $(DEPS_STAMP)
