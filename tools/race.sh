#!/usr/bin/env bash
# Runs go test -race, and tests a package again if nothing failed in it but the race detector itself, which occasionally
# crashes in testing/synctest of Go 1.26 (golang/go#78156). A failed test or a detected race is not repeated.
set -uo pipefail

packages=() flags=()
for argument; do
	case $argument in -*) flags+=("$argument") ;; *) packages+=("$argument") ;; esac
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for _ in 1 2 3; do
	go test -race "${flags[@]}" "${packages[@]}" 2>&1 | tee "$log" && exit
	# Print the packages to repeat, or fail if one failed for another reason.
	again=$(awk '
		# Go code that reads a bad address panics: a bare signal comes from the C++ of the detector, because nothing here uses cgo.
		/^ThreadSanitizer: CHECK failed|^SIGSEGV: segmentation violation$/ { stopped = 1 }
		/^ *--- FAIL|^WARNING: DATA RACE|^panic: |^fatal error: / { failed = 1 }
		/^(ok|\?) / { stopped = failed = 0 }
		/^FAIL\t/ { if (!stopped || failed) own = 1; else print $2; stopped = failed = 0 }
		END { exit own }' "$log") || exit 1
	[ -n "$again" ] || exit 1
	packages=($again)
	echo "the race detector crashed in ${packages[*]}; testing again"
done
exit 1
