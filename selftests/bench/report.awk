# SPDX-License-Identifier: Apache-2.0
#
# report.awk - the figures that bench.sh collected, as tables. Prints "-" for what was not measured.

function nr(value, format) {
	return value == "" ? "-" : sprintf(format, value)
}

# A figure above its zero; "" when one of them is missing.
function above(value, zero) {
	return value == "" || zero == "" ? "" : value - zero
}

function ratio(value, base) {
	return value == "" || base == "" || base + 0 == 0 ? "" : value / base
}

# Is the curve flat: the cost at every later size within 25 % of the cost at size number `from`.
function verdict(title, cost, from,    i, r, text, flat) {
	flat = "flat"
	for (i = from + 1; i <= nr_sizes; i++) {
		r = ratio(cost[sizes[i]], cost[sizes[from]])
		if (r == "")
			flat = "not measured"
		else if (flat == "flat" && (r < 0.75 || r > 1.25))
			flat = "NOT flat"
		text = text sprintf("%s %s: %s", i > from + 1 ? "," : "", sizes[i], nr(r, "%.2f"))
	}
	printf "  %-32s %-12s %s\n", title, flat, text
}

$1 == "head" { sub(/^head /, ""); print; next }
$1 == "note" { sub(/^note /, ""); note = $0; next }
$1 == "rules" {
	sizes[++nr_sizes] = $2
	sub(/^rules [0-9]+ /, "")
	made = $0
	next
}
$1 == "compile" { compile_ms[$2] = $3; compile_kb[$2] = $4; object_bytes[$2] = $5; next }
$1 == "load" { load_ms[$2] = $3; programs[$2] = $4; verified[$2] = $5; next }
$1 == "native" { median[$2, $3] = $4; least[$2, $3] = $5; hits[$2, $3] = $6; next }
$1 == "vm" { vm[$2, $3] = $4; next }
$1 == "vmkernel" { vm_kernel = $2; next }
$1 == "vmload" { vm_load[$2] = $3; next }
$1 == "vmcount" { sub(/^vmcount /, ""); n = $1; sub(/^[0-9]+ kestrel: /, ""); vm_count[n] = $0 }

END {
	printf "rules    %s\n", made
	if (sizes[1] == 1)
		print "         \"1\" is one process rule and one file rule, which test every field in every way others do"

	print "\nJudging an event that matches nothing, ns, caches warm"
	print "  " note
	print "  exec: executable 30 bytes, command line 100; open: path 40, by a known process"
	print "  above empty: minus the same chain (inject, finish) without generated programs between"
	printf "  %8s %26s %34s\n", "", "exec above empty", "open above empty"
	printf "  %8s %8s %8s %7s %8s %10s %8s %7s %8s\n", "rules", "median", "min", "ratio",
	       "answers", "median", "min", "ratio", "answers"
	for (i = 1; i <= nr_sizes; i++) {
		n = sizes[i]
		exec_ns[n] = above(median["exec", n], median["exec", 0])
		open_ns[n] = above(median["open", n], median["open", 0])
		printf "  %8s %8s %8s %7s %8s %10s %8s %7s %8s\n", n,
		       nr(exec_ns[n], "%.0f"), nr(above(least["exec", n], least["exec", 0]), "%.0f"),
		       nr(ratio(exec_ns[n], exec_ns[sizes[1]]), "%.2f"), nr(hits["exec", n], "%d"),
		       nr(open_ns[n], "%.0f"), nr(above(least["open", n], least["open", 0]), "%.0f"),
		       nr(ratio(open_ns[n], open_ns[sizes[1]]), "%.2f"), nr(hits["open", n], "%d")
	}
	printf "  empty %s and %s; answers: rules that the kernel could not say NO to (MAYBE)\n",
	       nr(median["exec", 0], "%.0f"), nr(median["open", 0], "%.0f")

	print "\nWhole operations in the VM, instructions; kestrel attached, nothing matches"
	print "  Linux " nr(vm_kernel, "%s") ", one CPU; rows with a sign are above \"nothing\""
	printf "  %8s %16s %7s %14s %7s\n", "", "fork+exec+exit", "ratio", "open+close", "ratio"
	printf "  %8s %16s %7s %14s\n", "nothing", nr(vm["exec", "nothing"], "%d"), "",
	       nr(vm["open", "nothing"], "%d")
	printf "  %8s %16s %7s %14s\n", "again", nr(vm["exec", "nothing-again"], "%d"), "",
	       nr(vm["open", "nothing-again"], "%d")
	printf "  %8s %16s %7s %14s\n", "empty",
	       nr(above(vm["exec", "empty"], vm["exec", "nothing"]), "%+d"), "",
	       nr(above(vm["open", "empty"], vm["open", "nothing"]), "%+d")
	for (i = 1; i <= nr_sizes; i++) {
		n = sizes[i]
		exec_vm[n] = above(vm["exec", n], vm["exec", "nothing"])
		open_vm[n] = above(vm["open", n], vm["open", "nothing"])
		printf "  %8s %16s %7s %14s %7s\n", n, nr(exec_vm[n], "%+d"),
		       nr(ratio(exec_vm[n], exec_vm[sizes[1]]), "%.2f"), nr(open_vm[n], "%+d"),
		       nr(ratio(open_vm[n], open_vm[sizes[1]]), "%.2f")
	}
	print "  again: the same at the end; empty: programs that do nothing at the same hooks"
	for (i = 1; i <= nr_sizes; i++)
		printf "  %8s %s\n", sizes[i], nr(vm_count[sizes[i]], "%s")

	print "\nCompiling and loading"
	printf "  %8s %10s %8s %10s %9s %9s %10s %14s\n", "rules", "compile ms", "RSS MB",
	       "object KB", "load ms", "programs", "verified", "VM start 10^6"
	for (i = 1; i <= nr_sizes; i++) {
		n = sizes[i]
		printf "  %8s %10s %8s %10s %9s %9s %10s %14s\n", n, nr(compile_ms[n], "%.0f"),
		       nr(compile_kb[n] == "" ? "" : compile_kb[n] / 1024, "%.0f"),
		       nr(object_bytes[n] == "" ? "" : object_bytes[n] / 1024, "%.0f"),
		       nr(load_ms[n], "%.0f"), nr(programs[n], "%d"), nr(verified[n], "%d"),
		       nr(vm_load[n], "%d")
	}
	print "  verified: instructions that the verifier processed; VM start: instructions from the"
	print "  start of kestrel run until every hook is attached"

	for (i = 1; i <= 2 && i < nr_sizes; i++) {
		printf "\nWithin 25 %% of the cost with %s:\n", sizes[i]
		verdict("exec, judging", exec_ns, i)
		verdict("open, judging", open_ns, i)
		verdict("fork+exec+exit, whole", exec_vm, i)
		verdict("open+close, whole", open_vm, i)
	}
}
