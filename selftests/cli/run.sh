#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - tests of the commands kestrelc and kestrel: messages, exit codes, what is left behind.
#
# usage: selftests/cli/run.sh [-s SEED] [PATTERN]
#
#   -s SEED  of the places where objects are damaged (the time)
#   PATTERN  only tests whose name contains it
#   -h       this text
#
# Nothing is loaded into this machine's kernel: every `kestrel run` is an ordinary user's, without
# capabilities, so that an object that is wrongly accepted ends with exit code 1 instead of 3.
#
# In:   build/bin/kestrel, build/bin/kestrelc, build/selftests/cli/forge, selftests/e2e/rules; or
#       another folder than build in $BUILD.
# Out:  "ok NAME", "skip NAME: why" or "FAIL NAME: why" for each test, and a sum.
# Exit: 0 nothing failed, 1 something did, 2 usage.
set -euo pipefail

usage() {
	awk 'NR <= 2 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"
}

cd "$(dirname "$0")/../.."
seed=$(date +%s) pattern=''
while getopts :s:h option; do
	case $option in
	s) seed=$OPTARG ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
pattern=${1-}

BIN=$(realpath "${BUILD:-build}/bin")
FORGE=$(realpath "${BUILD:-build}/selftests/cli/forge")
RULES=$(realpath selftests/e2e/rules)
VERSION=$(<VERSION)
NR_FLIPS=200
NR_FORGERIES=200
NR_CUTS=40
SKIP=77

# A finding of a sanitizer must not look like an exit code of the commands.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99

# What `kestrel run` is started with, so that it can load nothing.
powerless=()
if ((EUID == 0)); then
	powerless=(setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs
		--inh-caps=-all --bounding-set=-all --)
fi

nr_passed=0 nr_failed=0 nr_skipped=0
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
# The checkout may lie where only its owner can look, and some tests run as nobody.
cp -r "$BIN" "$top/bin"
cp -r "$RULES" "$top/rules"
chmod -R a+rX "$top"
BIN=$top/bin RULES=$top/rules

# Each test is a function test_*. It runs in an empty directory, and succeeds, or says why not and
# fails, or says why it cannot and returns $SKIP.

# Runs a command: output in out and err, status in $rc.
status() { # CMD...
	rc=0
	"$@" >"$work/out" 2>"$work/err" </dev/null || rc=$?
}

kestrelc() {
	status "$BIN/kestrelc" "$@"
}

kestrel() {
	status "${powerless[@]}" "$BIN/kestrel" "$@"
}

wrong() { # WHY...
	printf '%s\n' "$*"
	[[ ! -s $work/err ]] || sed 's/^/  | /' "$work/err" | head -n 12
	return 1
}

exits() { # CODE
	[[ $rc == "$1" ]] || wrong "exit code $rc instead of $1"
}

says() { # TEXT...
	local text
	for text in "$@"; do
		grep -qF -- "$text" "$work/err" || wrong "standard error lacks: $text" || return
	done
}

prints() { # TEXT...
	local text
	for text in "$@"; do
		grep -qF -- "$text" "$work/out" || wrong "standard output lacks: $text" || return
	done
}

says_nothing() {
	[[ ! -s $work/err ]] || wrong "unexpected message"
}

prints_nothing() {
	[[ ! -s $work/out ]] || wrong "unexpected output: $(head -n 1 "$work/out")"
}

# The current directory holds just these.
holds() { # FILE...
	local found wanted
	found=$(find . -mindepth 1 | sort)
	wanted=$( (($# == 0)) || printf './%s\n' "$@" | sort)
	[[ $found == "$wanted" ]] || wrong "left behind: $(xargs <<<"$found")"
}

object() { # an object of all rules in all.o
	"$BIN/kestrelc" build "$RULES" -o all.o
}

# An object was refused, for one of these reasons, before the privileges were looked at.
refused() { # REASON...
	local reason
	exits 3 && prints_nothing && says 'cannot use the ruleset object' 'hint: build it again' ||
		return
	for reason in "$@"; do
		! grep -qF -- "$reason" "$work/err" || return 0
	done
	wrong "refused for another reason than $*"
}

write_bad_rules() {
	printf '// name: bad\nprocess where\n  process.name == and true\n' >syntax.eql
	printf 'process where process.nam == "x"\n' >field.eql
	printf 'process where process.args_count == "many"\n' >type.eql
}

# Help and versions

test_kestrel_version() {
	kestrel --version && exits 0 && says_nothing &&
		[[ $(<"$work/out") == "kestrel $VERSION" ]]
}

test_kestrelc_version() {
	kestrelc --version && exits 0 && says_nothing &&
		[[ $(<"$work/out") == "kestrelc $VERSION" ]]
}

test_kestrel_help() {
	kestrel --help && exits 0 && says_nothing && prints 'Usage: kestrel COMMAND' run validate \
		list schema 'Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 rules rejected, 4 '
}

test_kestrelc_help() {
	kestrelc --help && exits 0 && says_nothing && prints 'Usage: kestrelc' build check explain \
		dump schema 'Exit status: 0 ok, 1 failed, 2 wrong usage, 3 rules rejected.'
}

test_help_of_each_command_of_kestrel() {
	local command
	for command in run validate list schema; do
		kestrel "$command" --help && exits 0 && says_nothing &&
			prints "Usage: kestrel $command" 'Exit codes: 0 ok' || return
	done
}

test_help_of_each_command_of_kestrelc() {
	local command
	for command in build check explain dump schema; do
		kestrelc "$command" --help && exits 0 && says_nothing &&
			prints "Usage: kestrelc $command" 'Exit status: 0 ok' || return
	done
}

# Usage errors

usage_error() { # PROGRAM TEXT ARGUMENT...
	local program=$1 text=$2
	shift 2
	"$program" "$@" && exits 2 && prints_nothing && says "$text"
}

test_usage_errors_of_kestrel() {
	usage_error kestrel 'Usage: kestrel COMMAND' &&
		usage_error kestrel 'unknown command: nosuch' nosuch &&
		usage_error kestrel 'did you mean run?' runn &&
		usage_error kestrel 'unknown option: --bogus' --bogus &&
		usage_error kestrel '--rules DIR is missing' validate &&
		usage_error kestrel '--rules DIR is missing' list &&
		usage_error kestrel 'unexpected argument: more' list --rules x more &&
		usage_error kestrel 'there are event_types, fields' schema --show nosuch
}

test_usage_errors_of_kestrel_run() {
	usage_error kestrel 'say what to run' run &&
		usage_error kestrel 'exclude each other' run --rules x --object y &&
		usage_error kestrel "unrecognized option '--bogus'" run --bogus &&
		usage_error kestrel "--output: unknown value 'xml'" run --rules x --output xml &&
		usage_error kestrel "--color: unknown value 'red'" run --rules x --color red &&
		usage_error kestrel "unknown level 'loud'" run --rules x --log-level loud &&
		usage_error kestrel 'unexpected argument: more' run --rules x more || return
	local duration
	for duration in 0 -1 '' x 1x 99999999999; do
		usage_error kestrel '--duration needs a positive number' \
			run --rules x --duration="$duration" || return
	done
}

test_usage_errors_of_kestrelc() {
	usage_error kestrelc 'no command given' &&
		usage_error kestrelc 'there is no command' nosuch &&
		usage_error kestrelc 'no RULES given' check &&
		usage_error kestrelc 'no RULES given' build -o x.o &&
		usage_error kestrelc 'no output file given' build "$RULES" &&
		usage_error kestrelc 'no PASS given' dump &&
		usage_error kestrelc 'there is no pass' dump nosuch "$RULES" &&
		usage_error kestrelc 'there is no schema' schema nosuch &&
		usage_error kestrelc 'unrecognized option' check --bogus "$RULES"
}

# Rules that are not there

test_a_directory_that_does_not_exist() {
	local command
	for command in run validate list; do
		kestrel "$command" --rules nowhere && exits 1 && prints_nothing &&
			says 'rules directory not found: nowhere' 'hint: ' || return
	done
	for command in check explain 'dump plan' 'build -o x.o'; do
		# shellcheck disable=SC2086 # words on purpose
		kestrelc $command nowhere && exits 1 && prints_nothing &&
			says 'cannot read nowhere: No such file or directory' || return
	done
	holds
}

test_a_directory_without_rules() {
	local command
	mkdir empty
	printf 'process where true\n' >empty/.hidden.eql
	printf 'process where true\n' >empty/rule.txt
	for command in run validate list; do
		kestrel "$command" --rules empty && exits 3 && prints_nothing &&
			says 'no rules in empty' 'hint: ' || return
	done
	kestrelc build empty -o x.o && exits 1 && says 'it holds no .eql file' && [[ ! -e x.o ]]
}

test_a_directory_that_cannot_be_read() {
	mkdir closed
	cp "$RULES/equal.eql" closed
	chmod 700 closed
	((EUID == 0)) || chmod 0 closed
	kestrel list --rules closed && exits 1 && says 'cannot read rules from closed: Permission denied'
}

# Rules that are wrong

# Every command that reads rules says the same and exits with 3.
rejected_by_all() { # FILE TEXT...
	local file=$1 command
	shift
	for command in run validate list; do
		kestrel "$command" --rules "$file" && exits 3 && prints_nothing &&
			says "$@" 'failed to load rules: Invalid EQL syntax or names (1 error' || return
	done
	for command in check explain 'dump plan' 'build -o x.o'; do
		# shellcheck disable=SC2086 # words on purpose
		kestrelc $command "$file" && exits 3 && says "$@" || return
	done
	[[ ! -e x.o ]]
}

test_a_syntax_error_is_shown_with_its_place() {
	write_bad_rules
	rejected_by_all syntax.eql 'syntax.eql:3:19: error: ' '  process.name == and true' \
		'                  ^~~'
}

test_an_unknown_field_gets_a_suggestion() {
	write_bad_rules
	rejected_by_all field.eql 'field.eql:1:15: error: unknown field "process.nam"' \
		'              ^~~~~~~~~~~' 'hint: did you mean "process.name"?'
}

test_a_wrong_type_is_explained() {
	write_bad_rules
	rejected_by_all type.eql 'type.eql:1:37: error: process.args_count (long) cannot be compared' \
		'                                    ^~~~~~' 'hint: write the number without quotes'
}

test_every_mistake_of_a_directory_is_told() {
	mkdir bad
	(cd bad && write_bad_rules)
	cp "$RULES/equal.eql" bad
	kestrel validate --rules bad && exits 3 && prints_nothing &&
		says 'bad/syntax.eql:3:19: error: ' 'bad/field.eql:1:15: error: ' \
			'bad/type.eql:1:37: error: ' '(3 errors above)'
}

test_good_rules_are_listed_beside_bad_ones() {
	mkdir bad
	(cd bad && write_bad_rules)
	cp "$RULES/equal.eql" bad
	kestrel list --rules bad && exits 3 && prints equal && says '(3 errors above)' &&
		[[ $(wc -l <"$work/out") == 1 ]]
}

test_two_rules_with_one_id() {
	printf '// id: same\nprocess where process.name == "a"\n' >1.eql
	cp 1.eql 2.eql
	kestrel validate --rules . && exits 3 && prints_nothing &&
		says '2.eql:1:8: error: the id "same" is already used at ' '1.eql:1:8'
}

test_what_this_version_lacks_is_said() {
	printf 'sequence [process where true] [file where true]\n' >sequence.eql
	rejected_by_all sequence.eql 'sequence.eql:1:1: error: a sequence is not supported'
}

test_a_file_that_is_no_text() {
	head -c 4096 "$BIN/kestrel" >elf.eql
	kestrel validate --rules elf.eql && exits 3 && says 'elf.eql:1:' error
}

test_an_empty_rule_file() {
	: >nothing.eql
	kestrel validate --rules nothing.eql && exits 3 && says 'nothing.eql:1:1: error: '
}

test_a_rule_file_that_is_too_large() {
	yes '// a comment' | head -c 1100000 >large.eql
	kestrel validate --rules large.eql && exits 3 && says 'larger than 1024 KiB'
}

test_a_directory_called_like_a_rule() {
	mkdir -p rules/folder.eql
	cp "$RULES/equal.eql" rules
	kestrel validate --rules rules && exits 0 && prints '1 rule is valid'
}

# Rules that are right

test_all_rules_are_valid() {
	kestrel validate --rules "$RULES" && exits 0 && says_nothing &&
		prints "$(find "$RULES" -name '*.eql' | wc -l) rules are valid"
}

test_validate_one_rule() {
	local name
	for name in exit-77 'A program ends with 77' exit_code exit_code.eql; do
		kestrel validate --rules "$RULES" --rule "$name" && exits 0 &&
			prints '1 rule is valid' || return
	done
	kestrel validate --rules "$RULES" --rule equl && exits 1 && says 'did you mean equal?'
}

test_list_shows_every_rule() {
	kestrel list --rules "$RULES" && exits 0 && says_nothing &&
		prints 'critical  exit-77 ' 'Command and Control' 'A program ends with 77' &&
		[[ $(wc -l <"$work/out") == $(find "$RULES" -name '*.eql' | wc -l) ]]
}

test_list_json_is_json() {
	command -v jq >/dev/null || { echo 'there is no jq'; return "$SKIP"; }
	kestrel list --json --rules "$RULES" && exits 0 && says_nothing || return
	[[ $(jq -c 'select(.id == "exit-77") | [.severity, .risk_score, .tags, .tactics[0]]' \
		"$work/out") == '["critical",91,["e2e","exit"],"Command and Control"]' ]] ||
		wrong "unexpected: $(grep exit-77 "$work/out")"
}

test_schema_shows_fields_and_events() {
	kestrel schema && exits 0 && prints process.name file.path user.id &&
		kestrel schema --show event_types && exits 0 && prints process.exec file.open &&
		kestrel schema --show field:process.args && exits 0 && prints process.args &&
		kestrelc schema events && exits 0 && prints process.exec
}

test_schema_suggests_a_field() {
	kestrel schema --show field:process.nam && exits 1 && says 'did you mean process.name?' &&
		kestrelc schema field:process.nam && exits 1 && says 'did you mean "process.name"?'
}

# Output that cannot be written

test_standard_output_is_full() {
	local -a command
	for words in "kestrel schema" "kestrel --version" "kestrel list --rules $RULES" \
		"kestrel validate --rules $RULES" "kestrelc schema" "kestrelc check $RULES" \
		"kestrelc dump plan $RULES" "kestrelc explain $RULES" "kestrelc build $RULES -o -"; do
		read -ra command <<<"$words"
		rc=0
		"$BIN/${command[0]}" "${command[@]:1}" >/dev/full 2>"$work/err" || rc=$?
		exits 1 && says 'No space left on device' || wrong "$words" || return
	done
}

test_build_into_a_directory_that_does_not_exist() {
	kestrelc build "$RULES" -o nowhere/all.o && exits 1 && holds &&
		says 'cannot write nowhere/all.o: No such file or directory'
}

test_build_into_a_directory_that_is_closed() {
	mkdir closed
	chmod 555 closed
	chmod 755 .
	status "${powerless[@]}" "$BIN/kestrelc" build "$RULES" -o closed/all.o
	exits 1 && holds closed && says 'cannot write closed/all.o: Permission denied'
}

test_build_onto_a_directory() {
	mkdir all.o
	kestrelc build "$RULES" -o all.o && exits 1 && holds all.o && says 'cannot write all.o: '
}

test_build_onto_a_full_device() {
	kestrelc build "$RULES" -o /dev/full && exits 1 && says 'No space left on device' && holds
}

test_standard_output_is_closed() {
	rc=0
	"$BIN/kestrel" list --rules "$RULES" >&- 2>"$work/err" || rc=$?
	exits 1 && says 'cannot write to standard output: Bad file descriptor'
}

test_build_with_closed_streams_makes_the_same_bytes() {
	object && "$BIN/kestrelc" build "$RULES" -o other.o <&- >&- 2>&- && cmp all.o other.o
}

# build

test_build_makes_the_same_bytes_twice() {
	object && cp all.o first.o && object && cmp first.o all.o || return
	(cd / && "$BIN/kestrelc" build "$RULES" -o -) >elsewhere.o && cmp first.o elsewhere.o
}

test_build_does_not_depend_on_locale_and_time() {
	object || return
	LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$BIN/kestrelc" build "$RULES" -o other.o && cmp all.o other.o
}

test_build_of_rejected_rules_keeps_the_old_object() {
	write_bad_rules
	echo old >x.o
	kestrelc build syntax.eql -o x.o && exits 3 && [[ $(<x.o) == old ]] &&
		holds syntax.eql field.eql type.eql x.o
}

test_build_respects_the_umask() {
	(umask 027 && object) && [[ $(stat -c %a all.o) == 640 ]]
}

test_build_reads_standard_input() {
	rc=0
	"$BIN/kestrelc" build - -o x.o <"$RULES/equal.eql" || rc=$?
	exits 0 && kestrel run --object x.o && exits 1 && says CAP_BPF
}

test_bpftool_reads_the_types_of_an_object() {
	local bpftool
	bpftool=$(PATH=$PATH:/usr/sbin command -v bpftool) || { echo 'no bpftool'; return "$SKIP"; }
	object && status "$bpftool" btf dump file all.o && exits 0 && prints "FUNC 'exec_0'" "FUNC 'open_0'"
}

# Up to 18 it does not know BPF_JSET, 45 and 46.
test_llvm_objdump_disassembles_an_object() {
	local objdump
	objdump=$(compgen -c llvm-objdump | sort -V | tail -n 1)
	[[ $objdump ]] || { echo 'no llvm-objdump'; return "$SKIP"; }
	object && status "$objdump" -d all.o && exits 0 && prints '<exec_0>:' '<open_0>:' 'exit' &&
		! grep -F '<unknown>' "$work/out" | grep -vE ':[[:space:]]*4[56] '
}

# Older ones know only the lines of DWARF.
test_llvm_objdump_18_shows_the_rules() {
	local objdump
	objdump=$(compgen -c llvm-objdump- | sort -V | tail -n 1)
	((${objdump##*-} >= 18)) 2>/dev/null ||
		{ echo 'needs llvm-objdump 18, which reads the lines of BTF'; return "$SKIP"; }
	object && status "$objdump" -d -S all.o && exits 0 && prints '; process where event.action'
}

test_an_object_carries_the_lines_of_its_rules() {
	object && status readelf -W -p .BTF all.o && exits 0 && prints equal.eql \
		'process where event.action == "exec" and process.args == "equal:hit"' &&
		readelf -W -S all.o | grep -q ' \.BTF\.ext '
}

# Objects that are wrong

test_an_object_is_accepted() {
	object && kestrel run --object all.o && exits 1 && prints_nothing &&
		says 'cannot load eBPF programs: Permission denied (missing: CAP_BPF and CAP_PERFMON)' \
			'hint: run as root, or: setcap cap_bpf,cap_perfmon+ep'
}

test_rules_need_privileges() {
	kestrel run --rules "$RULES" && exits 1 && prints_nothing &&
		says 'Permission denied (missing: CAP_BPF and CAP_PERFMON)' 'hint: run as root'
}

test_an_object_that_does_not_exist() {
	kestrel run --object nowhere.o && exits 1 &&
		says 'cannot read the ruleset object nowhere.o: No such file or directory'
}

test_an_object_that_is_a_directory() {
	mkdir all.o
	kestrel run --object all.o && exits 1 && says 'all.o: Is a directory'
}

test_an_empty_object() {
	: >empty.o
	kestrel run --object empty.o && refused 'not a ruleset object'
}

test_other_files_are_no_objects() {
	local file
	for file in "$BIN/kestrel" "$RULES/equal.eql" /dev/null; do
		kestrel run --object "$file" && refused 'not a ruleset object' || return
	done
}

test_a_cut_object_is_refused() {
	local size step at
	object || return
	size=$(stat -c %s all.o)
	step=$((size / NR_CUTS))
	for at in 1 4 16 63 64 65 $(seq "$step" "$step" "$size") $((size - 64)) $((size - 1)); do
		((at < size)) || continue
		head -c "$at" all.o >cut.o
		kestrel run --object cut.o && refused 'not a ruleset object' damaged ||
			wrong "cut to $at bytes of $size" || return
	done
}

test_a_longer_object_is_refused() {
	object && printf x >>all.o && kestrel run --object all.o && refused damaged
}

# One bit, anywhere, is found.
test_a_flipped_bit_is_refused() {
	local i
	object || return
	for ((i = 0; i < NR_FLIPS; i++)); do
		"$FORGE" flip all.o $((seed + i)) >flipped.o 2>change || return
		kestrel run --object flipped.o && refused 'not a ruleset object' damaged ||
			wrong "seed $((seed + i)): $(<change)" || return
	done
}

test_another_magic_is_refused() {
	object && "$FORGE" magic all.o "$seed" >forged.o 2>change && kestrel run --object forged.o &&
		refused 'not a ruleset object'
}

test_another_schema_is_refused() {
	object && "$FORGE" schema all.o "$seed" >forged.o 2>change && kestrel run --object forged.o &&
		refused 'made for another version of the schema'
}

# With the right checksum a wrong bit may mean a good object of other rules. Whatever it means, it
# is refused or accepted (and then lacks the privileges), never the end of the program.
survives_forgeries() { # HOW
	local i
	object || return
	for ((i = 0; i < NR_FORGERIES; i++)); do
		"$FORGE" "$1" all.o $((seed + i)) >forged.o 2>change || return
		kestrel run --object forged.o
		[[ $rc == 1 || $rc == 3 ]] ||
			wrong "seed $((seed + i)): $(<change): exit code $rc" || return
	done
}

test_forged_metadata_is_survived() {
	survives_forgeries meta
}

test_a_forged_object_is_survived() {
	survives_forgeries any
}

run_test() { # FUNCTION
	local name=${1#test_} why code=0
	mkdir "$top/$name" "$top/$name.work"
	work=$top/$name.work
	chmod 755 "$top/$name"
	why=$(cd "$top/$name" && "$1" 2>&1) || code=$?
	case $code in
	0) printf 'ok cli/%s\n' "$name"; nr_passed=$((nr_passed + 1)) ;;
	"$SKIP") printf 'skip cli/%s: %s\n' "$name" "$why"; nr_skipped=$((nr_skipped + 1)) ;;
	*)
		printf 'FAIL cli/%s: %s\n' "$name" "${why:-unexpected result}"
		nr_failed=$((nr_failed + 1))
		;;
	esac
	chmod -R u+rwx "$top/$name"
	rm -rf "${top:?}/$name" "$work"
}

printf 'seed %s\n' "$seed"
for function in $(compgen -A function test_); do
	[[ $function != *"$pattern"* ]] || run_test "$function"
done
printf '%d passed, %d failed, %d skipped\n' "$nr_passed" "$nr_failed" "$nr_skipped"
((nr_failed == 0 && nr_passed > 0))
