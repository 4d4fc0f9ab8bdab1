#!/usr/bin/env bash
# Runs go test -race and tests a package again if all that failed in it was the race detector itself, which stops now
# and then in testing/synctest of Go 1.26 (golang/go#78156). A test that failed or a race that was found is not repeated.
set -uo pipefail

packages=() flags=()
for argument; do
	case $argument in -*) flags+=("$argument") ;; *) packages+=("$argument") ;; esac
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for _ in 1 2 3; do
	go test -race "${flags[@]}" "${packages[@]}" 2>&1 | tee "$log" && exit
	# Prints the packages to repeat, and nothing if any failed for a reason of its own.
	again=$(awk '
		# Go code that reads a bad address panics: a bare signal comes from the C++ of the detector, because nothing here uses cgo.
		/^ThreadSanitizer: CHECK failed|^SIGSEGV: segmentation violation$/ { stopped = 1 }
		/^ *--- FAIL|^WARNING: DATA RACE|^panic: |^fatal error: / { failed = 1 }
		/^(ok|\?) / { stopped = failed = 0 }
		/^FAIL\t/ { if (!stopped || failed) own = 1; else print $2; stopped = failed = 0 }
		END { exit own }' "$log") || exit 1
	[ -n "$again" ] || exit 1
	packages=($again)
	echo "the race detector stopped in ${packages[*]}, which is tested again"
done
exit 1
