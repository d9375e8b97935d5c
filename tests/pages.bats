#!/usr/bin/env bats
# The commands of doc/users/*.md do what the pages say. Each page is run from top to bottom, in an empty directory on a
# filesystem that refuses misaligned calls:
#
#   ```sh                                    is run, and has to succeed.
#   <!-- fails --> before it                 It has to fail.
#   <!-- needs PROGRAM -->                   It is left out where PROGRAM is missing, and the test is skipped in the end.
#   ```text after it                         has lines that are printed; "..." stands for anything.
#   ```ini                                   is a file of somebody else's, and not run.
#   <!-- on ext4-4096 --> at the top         the filesystem, else ext4-512

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

setup() {
  pages=$DIOSHIM_TOP_SRCDIR/doc/users
  fences=$BATS_TEST_TMPDIR/fences
  mkdir "$BATS_TEST_TMPDIR/bin" "$fences"
  ln -s "${DIOSHIM_LAUNCHER:?}" "$BATS_TEST_TMPDIR/bin/dioshim"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
  export HOME=$BATS_TEST_TMPDIR
  export JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 # starts faster
  unset COLUMNS
  wanting=()
}

# Writes the Nth commands of a page to N.sh, what they print to N.text, and the comment before them to N.how.
split() { # PAGE
  awk -v dir="$fences" '
    function name(kind) { return sprintf("%s/%02d.%s", dir, n, kind) }
    inside { if ($0 == "```") inside = 0; else print >name(kind); next }
    /^```/ {
      kind = substr($0, 4)
      if (kind !~ /^(sh|text|ini)$/) { print "unknown kind of fence: " $0; exit bad = 1 }
      if (kind == "sh") { n++; print how >name("how") }
      inside = 1
    }
    NF { how = /^<!-- .* -->$/ ? substr($0, 6, length($0) - 9) : "" }
    END { exit bad || inside || !n }' "$1"
}

has() { # PROGRAM
  case $1 in
    numpy) python3 -c 'import numpy' ;;
    docker) docker image inspect debian:12 ;;
    systemd) [[ -d /run/systemd/system ]] ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

# Each line of FILE has to be in $output.
prints() { # FILE
  local line
  while read -r line; do
    line=${line//\\/\\\\} line=${line//\[/\\[} line=${line//\*/\\*} line=${line//\?/\\?}
    # shellcheck disable=SC2053 # a pattern
    [[ $output == *${line//.../*}* ]] || fail "does not print: $line"
  done <"$1"
}

run_fence() { # N.sh
  local how
  how=$(<"${1%.sh}.how")
  if [[ $how =~ ^needs\ ([^ ,]+) ]] && ! has "${BASH_REMATCH[1]}"; then
    wanting+=("${BASH_REMATCH[1]}")
    return
  fi
  run bash -e "$1" </dev/null
  printf '%s\n' "--- $how" "$(<"$1")" "--- status $status" "$output"
  if [[ $how == *fails* ]]; then
    [[ $status != 0 && $status != 127 ]] || fail "does not fail"
  else
    [[ $status == 0 ]] || fail "fails"
  fi
  [[ ! -e ${1%.sh}.text ]] || prints "${1%.sh}.text"
}

run_page() {
  local file
  cd "$scratch" || return
  for file in "$fences"/*.sh; do
    run_fence "$file"
  done
  cd "$BATS_TEST_TMPDIR" || return
}

page() { # NAME
  local where
  where=$(sed -n '1s/^<!-- on \(.*\) -->$/\1/p' "$pages/$1.md")
  split "$pages/$1.md"
  on_each "${where:-ext4-512}" -- run_page
  ((!${#wanting[@]})) || skip "without $(printf '%s\n' "${wanting[@]}" | sort -u | paste -s -d ' ')"
}

@test "python.md" {
  need python3
  # The first python3 may be one that has no numpy, beside the system's that does.
  if ! has numpy && /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    ln -s /usr/bin/python3 "$BATS_TEST_TMPDIR/bin/python3"
    hash -r
  fi
  page python
}

@test "node.md" {
  page node
}

@test "java.md" {
  page java
}

@test "databases.md" {
  page databases
}

@test "qemu.md" {
  page qemu
}

@test "backup.md" {
  page backup
}

@test "fio.md" {
  page fio
}

@test "services.md" {
  page services
}

@test "each page has a test, and a link in doc/users/README.md; the links lead somewhere" {
  local page link all
  cd "$pages"
  all=$(find . -name "*.md" ! -name README.md -printf "%f\n" | sed "s/\.md//" | sort)
  diff <(sed -n 's/^  page //p' "$BATS_TEST_FILENAME" | sort) <(echo "$all")
  diff <(grep -oE '\]\([a-z]+\.md' README.md | sed 's/](//; s/\.md//' | sort) <(echo "$all")
  while IFS=: read -r page link; do
    [[ -e ${link:2} ]] || fail "$page: no ${link:2}"
  done < <(grep -oE '\]\([^)#:]+' -- *.md)
}

# The pages repeat figures that are measured anew from time to time.
@test "the ratios in the pages are those of performance.md and README.md" {
  local ratios unknown
  ratios=$(grep -hoE '\b(at|to) [0-9]\.[0-9]+\b' "$pages"/*.md | cut -d ' ' -f 2 | sort -u)
  [[ $(wc -w <<<"$ratios") -gt 10 ]]
  unknown=$(comm -23 <(echo "$ratios") <(grep -hoE '\b[0-9]\.[0-9]+\b' \
    "$DIOSHIM_TOP_SRCDIR"/{README.md,doc/performance.md} | sort -u))
  [[ -z $unknown ]] || fail "not measured: $unknown"
}
