#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scan.sh - looks for kernel splats in a console log.
#
# usage: vmtest/scan.sh LOG
#
# Prints the log from the line before the first splat on, at most 60 lines.
#
# In:   the log; splats.txt.
# Exit: 0 clean, 1 splats found, 2 usage.
set -euo pipefail

VM_PROG=scan.sh
# shellcheck source=vmtest/lib.sh
. "$(dirname "$0")/lib.sh"

if [[ ${1-} == -h || ${1-} == --help ]]; then
	show_help "$0"
	exit 0
fi
(($# == 1)) || usage_error "which log?"
[[ -r $1 ]] || usage_error "cannot read $1"

awk -v max=60 '
	FNR == NR && /^splat / { splat[++nr_splat] = substr($0, 7) }
	FNR == NR && /^allow / { sub(/ # .*/, ""); allow[++nr_allow] = substr($0, 7) }
	FNR == NR { next }
	function matches(line, table, nr, i) {
		for (i = 1; i <= nr; i++)
			if (line ~ table[i])
				return 1
		return 0
	}
	{ sub(/\r$/, "") }
	!found && matches($0, splat, nr_splat) && !matches($0, allow, nr_allow) {
		found = 1
		if (before != "")
			print before
	}
	found && printed++ < max { print }
	{ before = $0 }
	END { exit found ? 1 : 0 }
' "$VM_ROOT/vmtest/splats.txt" "$1"
