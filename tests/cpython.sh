#!/usr/bin/env bash
# Runs CPython's own tests of files with O_DIRECT added to every open: `make cpython`. Under the shim each must have the
# result that it has without O_DIRECT; without the shim many must not. CPYTHON_TESTS and CPYTHON_WHERE select.
set -euo pipefail

: "${DIOSHIM_LIB:?must name the library under test; use \"make cpython\"}"
read -r -a tests <<<"${CPYTHON_TESTS-test_os test_shutil test_largefile}"
wanted=${CPYTHON_WHERE-ext4-512 xfs}
script=$DIOSHIM_TOP_SRCDIR/tests/cpython_direct.py
results=$(mktemp -d)
failed=0 places=0
trap 'rm -rf "$results"' EXIT

if ! python=$(python3 -c 'import sys, test.test_os; print(sys.executable)' 2>/dev/null); then
  echo "cpython: skipped, because python3 has no module test.test_os (Debian: libpython3-testsuite)"
  exit 0
fi

# Runs the tests in an empty directory, and sorts their results into $results/NAME.
run_tests() { # NAME COMMAND...
  local work name=$1
  shift
  work=$(mktemp -d "$place/XXXXXX")
  (cd "$work" && TMPDIR=$work PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 "$@" "${tests[@]}") \
    </dev/null 2>"$results/$name.errors" | sort >"$results/$name" || :
  rm -rf "$work"
}

compare() { # PLACE
  run_tests plain "$python" "$script" plain
  run_tests shim env LD_PRELOAD="$DIOSHIM_LIB" "$python" "$script" direct
  run_tests without "$python" "$script" direct
  echo "$1: $(wc -l <"$results/plain") tests, without the shim" \
    "$(diff "$results/plain" "$results/without" | grep -c '^<') of them have another result"
  [[ -s $results/plain ]] && ! cmp -s "$results/plain" "$results/without" &&
    diff "$results/plain" "$results/shim" && return
  cat "$results/shim.errors"
  return 1
}

for entry in $DIOSHIM_TEST_DIRS; do
  [[ " $wanted " == *" ${entry%%=*} "* ]] || continue
  place=${entry#*=}
  compare "${entry%%=*}" || failed=$((failed + 1))
  places=$((places + 1))
done
echo "cpython: $places places, $failed not ok; unavailable: ${DIOSHIM_TEST_SKIPPED:-nothing}"
((places > 0 && failed == 0))
