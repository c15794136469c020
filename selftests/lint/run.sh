#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - rules of the tree that no compiler checks.
#
# Out: ok/FAIL lines and "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/../.."

passed=0 failed=0 skipped=0

check() { # NAME COMMAND...: passes when the command prints nothing
	local name=$1 found
	shift
	found=$("$@" || :)
	if [[ -z $found ]]; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		printf '%s\n' "$found" | head -n 20
		failed=$((failed + 1))
	fi
}

includes() { # FOLDER FORBIDDEN
	grep -rnHE "^[[:space:]]*#[[:space:]]*include[[:space:]]+[\"<]($2)" "$1" --include='*.[ch]'
}

sources() {
	git ls-files 2>/dev/null || find . -path ./build -prune -o -type f -print
}

long_names() { # BPF names of schema.def are cut at 15 characters by the kernel
	sed -n 's/^EVENT([A-Z_]*, \([a-z_]*\),.*/finish_\1/p' kern/schema.def | awk 'length > 15'
}

no_licence() {
	sources | grep -E '\.(c|h|def|sh|mk)$|^Makefile$' | while read -r f; do
		[[ -f $f ]] && ! head -n 3 "$f" | grep -q SPDX-License-Identifier && echo "$f"
	done
}

bpf_printk() {
	grep -rn 'bpf_printk' kern compiler --include='*.[ch]'
}

shell_scripts() {
	sources | grep '\.sh$' | xargs -r shellcheck -S warning
}

check include/kern_knows_nobody includes kern '(\.\./)*(user|compiler|selftests|skel)/'
check include/compiler_knows_kern_only includes compiler \
	'(\.\./)*(user|selftests|skel)/|bpf/libbpf\.h|bpf/bpf\.h'
check include/user_knows_no_tests includes user '(\.\./)*selftests/'
check names/bpf_names_are_short long_names
check licence/every_source_names_it no_licence
check kern/no_printk bpf_printk
if command -v shellcheck >/dev/null; then
	check scripts/shellcheck shell_scripts
else
	echo "skip scripts/shellcheck: shellcheck is not installed"
	skipped=$((skipped + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 ]]
