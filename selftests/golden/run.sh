#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Golden tests: the text of every pass, compared with the text beside the rule.
#
#	run.sh [--update] KESTRELC [CASE...]
#
# A case is DIR/NAME.eql. Each file DIR/NAME.SUFFIX beside it is an expectation: the suffix is a pass
# of `kestrelc dump` (lex parse sema nf specialise atom automata plan gen object), or `explain`, or
# `err`: what `kestrelc check` prints, diagnostics first, and its exit status.
# --update writes what comes out instead of comparing. To add a case, create an empty expectation.

set -u
update=
[ "${1-}" = --update ] && { update=1; shift; }
[ $# -ge 1 ] || { echo "usage: run.sh [--update] KESTRELC [CASE...]" >&2; exit 2; }
kestrelc=$(realpath "$1") || exit 2
shift
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

# What a pass makes of a rule. Diagnostics name the file without its folder.
produce() { # suffix, rule
	case $1 in
	err)
		"$kestrelc" check "$2" 2>&1
		echo "exit $?"
		;;
	explain) "$kestrelc" explain "$2" ;;
	*) "$kestrelc" dump "$1" "$2" ;;
	esac
}

expect() { # rule, expectation
	suffix=${2##*.}
	name=${2%.*}.$suffix
	dir=${1%/*}
	if ! (cd "$dir" && produce "$suffix" "${1##*/}") >"$work/out" 2>"$work/errors"; then
		echo "FAIL $name"
		cat "$work/errors"
		failed=$((failed + 1))
		return
	fi
	[ -n "$update" ] && cp "$work/out" "$2"
	if diff -u "$2" "$work/out" >"$work/diff"; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		cat "$work/diff"
		failed=$((failed + 1))
	fi
}

[ $# -gt 0 ] || set -- */*.eql
for rule in "$@"; do
	found=
	for file in "${rule%.eql}".*; do
		case ${file##*.} in
		lex | parse | sema | nf | specialise | atom | automata | plan | gen | object | explain | err)
			found=1
			expect "$rule" "$file"
			;;
		esac
	done
	if [ -z "$found" ]; then
		echo "skip $rule: nothing is expected of it"
		skipped=$((skipped + 1))
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
