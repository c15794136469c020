# SPDX-License-Identifier: Apache-2.0
# selftests/: everything that is built for tests, the demonstration and the benchmark.

include selftests/unit/build.mk
include selftests/unit/user.mk
include selftests/agree/build.mk
include selftests/kernel/build.mk
include selftests/demo/build.mk
