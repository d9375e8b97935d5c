#!/usr/bin/env bats
# stdio on O_DIRECT descriptors: the scenes of tests/streams.h, and programs whose standard streams are O_DIRECT
# files. What they do on an ordinary file without the shim is the reference.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2016 # the programs of awk and perl
# shellcheck disable=SC2154 # scratch, where: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
  any=("${strict[@]}" btrfs tmpfs)
  stdio=$DIOSHIM_TEST_BIN/stdio
  foreign=$DIOSHIM_TEST_BIN/.libs/stdio_foreign.so
  out=$BATS_TEST_TMPDIR
}

# Where the C library has no such tables, stdio is a limit (the last test of this file).
need_tables() {
  [[ $("$stdio" sealed) == r* ]] || skip "the C library exports no tables of stdio"
}

scenes() { # NAME
  "$stdio" scene "$1" ordinary "$scratch/ordinary" >"$out/ordinary"
  shim "$stdio" scene "$1" direct "$scratch/direct" >"$out/direct"
  diff "$out/ordinary" "$out/direct"
  shim "$stdio" scene "$1" ordinary "$scratch/other" >"$out/other"
  diff "$out/ordinary" "$out/other"
}

@test "P1: streams on a direct descriptor answer as on an ordinary one" {
  need_tables
  on_each "${any[@]}" -- scenes all
}

differ() {
  "$stdio" scene all ordinary "$scratch/ordinary" >"$out/ordinary"
  "$stdio" scene all direct "$scratch/direct" >"$out/direct" || true
  run ! diff -q "$out/ordinary" "$out/direct"
}

@test "P1: without the shim they do not" {
  on_each "${strict[@]}" -- differ
}

# The programs inherit their standard streams; no call of theirs has opened them.

# Runs a command with FILE as standard input and OUTPUT as standard output. $preload is for the command, too.
between() { # plain|direct FILE OUTPUT COMMAND...
  env ${preload:+LD_PRELOAD="$preload"} "$stdio" exec 0 r "$1" "$2" "$stdio" exec 1 w "$1" "$3" "${@:4}"
}

as_a_filter() { # COMMAND...
  preload='' between plain "$scratch/input" "$scratch/ordinary" "$@"
  preload=$DIOSHIM_LIB between direct "$scratch/input" "$scratch/direct" "$@"
  cmp "$scratch/ordinary" "$scratch/direct"
}

filters() {
  local command
  { seq 1 3000 | tac && pattern 60001; } >"$scratch/input"
  for command in "seq 1 20000" "sort" "sort -r" "sed s/1/one/" "cut -c 2-" "uniq" "od -c" "md5sum" "wc" "cat" \
    "tee /dev/null" "ls -l /usr/bin" "head -n 1001" "tail -n 1001" "paste - -"; do
    echo "$command"
    # shellcheck disable=SC2086 # words
    as_a_filter $command
  done
  for command in awk mawk perl; do
    command -v "$command" >/dev/null || continue
    echo "$command"
    if [[ $command == perl ]]; then
      as_a_filter perl -ne 'printf("%s %d\n", substr($_, 1), length($_))'
    else
      as_a_filter "$command" '{ print $1, length($0) }'
    fi
  done
}

@test "P1, P8: standard input and output inherited direct: seq, sort, sed, awk, ls, tee, md5sum and others" {
  need_tables
  on_each "${strict[@]}" -- filters
}

filters_fail() {
  seq 1 9000 >"$scratch/input"
  preload='' run ! between direct "$scratch/input" "$scratch/direct" seq 1 20001
  preload='' run ! between direct "$scratch/input" "$scratch/direct" sort
  preload='' run ! between direct "$scratch/input" "$scratch/direct" sed s/1/one/
}

@test "P1: without the shim these programs fail" {
  on_each "${strict[@]}" -- filters_fail
}

compiled() { # SOURCE
  need g++
  g++ -O1 -o "$out/streams" -x c++ - <<'END'
#include <ext/stdio_filebuf.h>
#include <ext/stdio_sync_filebuf.h>
#include <cstdio>
#include <iostream>
#include <string>
int main()
{
	std::string line;
	long n = 0;
	while (std::getline(std::cin, line))
		n += (long)line.size();
	std::cout << n << " " << line << "\n";
	std::FILE *fp = fdopen(1, "w");
	__gnu_cxx::stdio_sync_filebuf<char> sync(fp);
	std::ostream through(&sync);
	for (int i = 0; i < 3000; i++)
		through << "line " << i << "\n";
	through.flush();
	std::fflush(fp);
	__gnu_cxx::stdio_filebuf<char> buffer(1, std::ios::out);
	std::ostream own(&buffer);
	for (int i = 0; i < 3000; i++)
		own << "own " << i << "\n";
	own.flush();
	return own.good() && through.good() ? 0 : 1;
}
END
}

iostreams() {
  pattern 50001 >"$scratch/input"
  as_a_filter "$out/streams"
}

@test "P1: iostreams over stdio" {
  need_tables
  compiled
  on_each "${strict[@]}" -- iostreams
}

arrays() { # PYTHON
  shim "$1" - "$scratch/file" <<'END'
import os, sys
import numpy
values = numpy.arange(12345, dtype="i2")
with os.fdopen(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_DIRECT), "r+b") as f:
    values.tofile(f)
    f.seek(2 * 101)
    assert (numpy.fromfile(f, dtype="i2") == values[101:]).all()
    f.seek(0)
    numpy.save(f, values)
    f.seek(0)
    assert (numpy.load(f) == values).all()
END
}

@test "P1: numpy's tofile, fromfile, save and load" {
  local python
  need_tables
  need python3
  python=$(python3_binary)
  # The first python3 may be one that has no numpy, beside the system's that does.
  "$python" -c "import numpy" 2>/dev/null || python=/usr/bin/python3
  "$python" -c "import numpy" 2>/dev/null || skip "numpy is missing (Debian: python3-numpy)"
  on_each "${strict[@]}" -- arrays "$python"
}

print_inherited() { # FIRST
  rm -f "$scratch/ordinary" "$scratch/direct"
  "$stdio" exec 3 w ordinary "$scratch/ordinary" "$stdio" inherited 3 "$1" >"$out/ordinary"
  env LD_PRELOAD="$preload" "$stdio" exec 3 w direct "$scratch/direct" "$stdio" inherited 3 "$1" >"$out/direct"
}

printed() {
  local first
  preload=$DIOSHIM_LIB
  for first in 100 2000; do
    print_inherited "$first"
    diff "$out/ordinary" "$out/direct"
    cmp "$scratch/ordinary" "$scratch/direct"
  done
}

@test "P1, P8: dprintf on an inherited descriptor" {
  need_tables
  on_each "${any[@]}" -- printed
}

# The first write(2) is not made, and returns 512. Then the kernel refuses the rest, inside the C library's loop.
short_write() {
  env LD_PRELOAD="$DIOSHIM_LIB" "$stdio" exec 1 w direct "$scratch/file" \
    strace -o "$out/trace" -e trace=write -e inject=write:retval=512:when=1 seq 1 2000
  grep -q "INJECTED" "$out/trace"
  seq 1 2000 | tail -c +513 | cmp - "$scratch/file"
}

@test "P1: the rest of a short write is written, if the kernel refuses it" {
  need_tables
  need strace
  on_each "${strict[@]}" -- short_write
}

# P2: what the kernel is asked.

# Prints the system calls of a scene on an ordinary file, from the first that names the file.
asked() { # NAME COMMAND...
  strace -o "$out/trace" "${@:2}" "$stdio" scene "$1" ordinary "$scratch/file" >/dev/null
  sed -n '/^openat.*\/file"/,$p' "$out/trace" | sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/si_pid=[0-9]+//; s/exited with.*//'
}

same_calls() {
  local name
  for name in "input offsets" dprintf "standard output" limit; do
    asked "$name" env >"$out/ordinary"
    asked "$name" env LD_PRELOAD="$DIOSHIM_LIB" >"$out/shimmed"
    diff "$out/ordinary" "$out/shimmed"
    [[ $(wc -l <"$out/ordinary") -gt 10 ]]
  done
}

@test "P2: on an ordinary file, streams ask the kernel exactly what they ask without the shim" {
  need strace
  on_each ext4-512 -- same_calls
}

counted() {
  local record=$out/record
  rm -f "$record" "$scratch/file"
  DIOSHIM_STATS=$record shim "$stdio" count "$scratch/file"
  "$DIOSHIM_TEST_BIN/recordcat" "$record" >"$out/counts"
  cat "$out/counts"
  grep -x -e 'all.write.untouched=3' "$out/counts"
  grep -x -e 'all.write.partial=1' "$out/counts"
  grep -x -e 'all.read.untouched=3' "$out/counts"
}

@test "calls that stdio makes are counted once" {
  need_tables
  on_each "${strict[@]}" -- counted
}

ended() {
  shim "$stdio" ends "$scratch/file" "$scratch/other"
}

@test "P5: fclose waits for another thread's call on its number" {
  need_tables
  on_each ext4-512 xfs -- ended
}

# How the tables are left.

@test "P7: stdio's tables are sealed again, and nothing else is" {
  diff <("$stdio" sealed) <(shim "$stdio" sealed)
}

refused_as_without_the_shim() { # LIBRARIES
  pattern 20001 >"$scratch/input"
  preload=$1 run ! between direct "$scratch/input" "$scratch/output" sort
  preload=$1 between plain "$scratch/input" "$scratch/output" sort
  sort "$scratch/input" | cmp "$scratch/output"
}

disabled() {
  export DIOSHIM_DISABLE=stdio
  refused_as_without_the_shim "$DIOSHIM_LIB"
}

@test "DIOSHIM_DISABLE=stdio leaves stdio alone" {
  on_each "${strict[@]}" -- disabled
}

# Limits

beside_another() {
  refused_as_without_the_shim "$DIOSHIM_LIB:$foreign"
  run -0 env DIOSHIM_TEST_READS=1 LD_PRELOAD="$DIOSHIM_LIB:$foreign" "$stdio" scene scan ordinary "$scratch/ordinary"
  [[ $output == *"read through it"* ]]
  # dprintf does not depend on the tables.
  "$stdio" scene dprintf ordinary "$scratch/ordinary" >"$out/ordinary"
  env LD_PRELOAD="$DIOSHIM_LIB:$foreign" "$stdio" scene dprintf direct "$scratch/direct" >"$out/direct"
  diff "$out/ordinary" "$out/direct"
  preload=$DIOSHIM_LIB:$foreign
  print_inherited 100
  diff "$out/ordinary" "$out/direct"
  cmp "$scratch/ordinary" "$scratch/direct"
}

@test "limit: if another library has changed the tables, they stay as they are, and stdio is refused" {
  need_tables
  on_each "${strict[@]}" -- beside_another
}

# A part may have been written before the refusal; which part, nothing tells. So it is with glibc 2.37 and
# later, also where the tables are as expected.
long_text() {
  preload=$DIOSHIM_LIB:$foreign
  print_inherited 5000
  run ! diff "$out/ordinary" "$out/direct"
  grep -x "first: -1, errno 22" "$out/direct"
  diff <(grep -v "^first" "$out/ordinary") <(grep -v "^first" "$out/direct")
}

@test "limit: a first dprintf of 2048 bytes or more to an inherited descriptor, where it does not use the tables" {
  need_tables
  on_each ext4-4096 -- long_text
}
