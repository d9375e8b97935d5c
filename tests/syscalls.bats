#!/usr/bin/env bats
# The system calls that each call makes: promises P2, P3, P7 and P8 of doc/design.md, checked with
# strace. callone makes the calls, trace.py checks the traces.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

setup_file() {
  need strace
}

setup() {
  bats_require_minimum_version 1.5.0
  callone=$DIOSHIM_TEST_BIN/callone
  data=$(table_transfers | paste -s -d ,)
  mapfile -t kinds < <(table_transfers | as_functions)
  strict=(ext4-512 ext4-4096 xfs)
  any=(ext4-512 ext4-4096 xfs btrfs tmpfs)
  devices=(blk-512 blk-4096)
}

# Traces COMMAND under the shim, or (plain) without it.
traced() { # TRACE shim|plain COMMAND [ARG...]
  local trace=$1 preload=()
  [[ $2 == plain ]] || preload=(-E "LD_PRELOAD=$DIOSHIM_LIB")
  shift 2
  answered strace -qq -s 300 -e raw="$data" -o "$trace" "${preload[@]}" "$@"
}

# Skips what ext4 cannot tell before Linux 6.1. XFS and block devices can.
need_alignments() {
  [[ $where != ext4-* ]] || printf '%s\n' 6.1 "$(uname -r)" | sort --check=quiet --version-sort ||
    skip "this kernel reports no alignments of ext4, so it is asked each time"
}

judge() { # CHECK [ARG...]
  "$BATS_TEST_DIRNAME/trace.py" "$@"
}

sector() {
  if [[ $where == *-4096 ]]; then echo 4096; else echo 512; fi
}

new_file() { # BYTES
  file=$scratch
  [[ -b $file ]] || file+=/file
  pattern "$1" | dd of="$file" bs=64k iflag=fullblock conv=notrunc,fsync status=none
}

# Sets $calls: "NAME,MISALIGN,LENGTH,OFFSET" for every kind of transfer, or for those named.
each_transfer() { # MISALIGN LENGTH OFFSET [KIND...]
  local parameters=$1,$2,$3 kind
  shift 3
  (($#)) || set -- "${kinds[@]}"
  calls=()
  for kind; do
    calls+=("$kind,$parameters")
  done
}

same_with_and_without() { # TARGET FLAGS CALL...
  traced "$scratch_trace.plain" plain "$callone" "$@" >"$scratch_trace.plain.out"
  traced "$scratch_trace.shim" shim "$callone" "$@" >"$scratch_trace.shim.out"
  cmp "$scratch_trace.plain.out" "$scratch_trace.shim.out"
  judge same "$scratch_trace.plain" "$scratch_trace.shim"
  judge single "$scratch_trace.shim"
}

aligned() {
  new_file 65536
  scratch_trace=$BATS_TEST_TMPDIR/trace
  each_transfer 0 8192 16384
  same_with_and_without "$file" rdwr,direct "${calls[@]}" getfl
}

@test "P2: an aligned call on a direct descriptor is that one system call, with the caller's address" {
  on_each "${any[@]}" "${devices[@]}" -- aligned
}

aligned_after_rescue() {
  new_file 65536
  each_transfer 0 8192 16384
  traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
    pwrite,1,1000,3 pread,1,1000,3 "${calls[@]}" >/dev/null
  judge single --skip 2 "$BATS_TEST_TMPDIR/trace"
}

@test "P2: the same on a descriptor on which a misaligned call was made before" {
  on_each "${any[@]}" "${devices[@]}" -- aligned_after_rescue
}

native() {
  new_file 65536
  scratch_trace=$BATS_TEST_TMPDIR/trace
  each_transfer 3 1001 777
  same_with_and_without "$file" rdwr,direct "${calls[@]}"
}

@test "P2: where the filesystem takes any alignment, a misaligned call is one system call too" {
  on_each btrfs tmpfs -- native
}

ordinary() {
  new_file 65536
  scratch_trace=$BATS_TEST_TMPDIR/trace
  each_transfer 3 1001 777
  same_with_and_without "$file" rdwr "${calls[@]}"
}

@test "P2: a call on a descriptor without O_DIRECT is one system call" {
  on_each "${any[@]}" "${devices[@]}" -- ordinary
}

@test "P2: so is a call on a pipe, a socket, /dev/null or /dev/zero" {
  scratch_trace=$BATS_TEST_TMPDIR/trace
  # In descending order, so that the writes come first and leave something to read.
  mapfile -t without_offset < <(table_transfers -v OFFSET | sort --reverse)
  each_transfer 3 1001 -1 "${without_offset[@]}"
  same_with_and_without pipe: rdwr "${calls[@]}"
  same_with_and_without socket: rdwr "${calls[@]}"
  each_transfer 3 1001 777
  same_with_and_without /dev/null rdwr "${calls[@]}"
  same_with_and_without /dev/zero rdwr "${calls[@]}"
}

@test "P2: open, close, dup and fcntl of an ordinary file are one system call each" {
  scratch_trace=$BATS_TEST_TMPDIR/trace
  : >"$BATS_TEST_TMPDIR/file"
  traced "$scratch_trace.plain" plain "$callone" "$BATS_TEST_TMPDIR/file" rdwr,creat \
    open close open64 close openat close creat close dup close dup2 close dup3 close \
    dupfd close dupfd_cloexec close getfd getfl setfl
  traced "$scratch_trace.shim" shim "$callone" "$BATS_TEST_TMPDIR/file" rdwr,creat \
    open close open64 close openat close creat close dup close dup2 close dup3 close \
    dupfd close dupfd_cloexec close getfd getfl setfl
  judge same "$scratch_trace.plain" "$scratch_trace.shim"
}

@test "P2: so they are after the kernel has refused a call on it" {
  local kind calls=('pwrite,1099511627776,4096,0' getfl setfl dup close)
  for kind in plain shim; do
    run -0 traced "$BATS_TEST_TMPDIR/$kind" "$kind" "$callone" "$BATS_TEST_TMPDIR/file" rdwr,creat "${calls[@]}"
    [[ ${lines[0]} == *'= -1 Bad address' ]]
  done
  judge same --skip 1 "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/shim"
}

# Makes each call twice. The first lets the shim learn about the descriptor and may be refused; the
# second is judged.
wrong_address() {
  local kind some=("${kinds[@]}")
  need_alignments
  # All of them in one place: a trace for each takes long.
  [[ $where == ext4-512 ]] || some=(pwrite readv pwritev2)
  new_file 65536
  for kind in "${some[@]}"; do
    run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
      "$kind,3,16384,16384" "$kind,3,16384,16384"
    [[ ${lines[1]} == "$kind,3,16384,16384 = 16384" ]]
    judge moved --skip 1 --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
    judge never-cleared --skip 1 "$BATS_TEST_TMPDIR/trace"
  done
}

# What the kernel answers is all that there is to know, so nothing else is asked.
little_is_asked() {
  local kind asked
  need_alignments
  new_file 65536
  for kind in pwrite pread write read; do
    run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
      "$kind,3,4096,4096" "$kind,3,4096,8192" "$kind,3,4096,12288"
    [[ ${lines[2]} == "$kind,3,4096,12288 = 4096" ]]
    asked=$(sed -n '/mark:begin.*12288/,/mark:end/p' "$BATS_TEST_TMPDIR/trace")
    [[ $asked != *statx* ]]
    [[ $kind != p* || $asked != *fcntl* ]]
    judge moved --skip 2 --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
  done
}

@test "P2: a misaligned buffer alone needs no statx, and at an offset of its own no F_GETFL" {
  on_each "${strict[@]}" "${devices[@]}" -- little_is_asked
}

@test "P3: a misaligned buffer with aligned length and offset moves in one call of the same kind" {
  on_each "${strict[@]}" "${devices[@]}" -- wrong_address
}

# NAME,MISALIGN,LENGTH,OFFSET: within a block, at its boundaries, across them, and large.
read -r -d '' -a odd_writes <<'END' || :
  pwrite,0,1,0 pwrite,3,1,4095 pwrite,0,2,4095 pwrite,5,1000,3 pwrite,0,4096,1 pwrite,0,8192,4095
  pwrite,0,40000,12345 pwrite,7,40000,4096 pwrite,0,65536,513 pwrite,0,36865,4096
  pwritev,0,40001,333 pwritev,9,40000,333 pwritev2,1,16385,8191 write,0,10001,4097 writev,1,30001,77
  pwrite,1,1000000,1234 pwrite,0,600,200000
END

odd_reads=("${odd_writes[@]//write/read}")

edges() {
  new_file 300000
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct "${odd_writes[@]}"
  [[ $output != *" = -1"* ]]
  judge edges --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
}

@test "P3: only partial blocks are written without O_DIRECT, they are waited for, and it is set again" {
  on_each "${strict[@]}" -- edges
}

# Both edges are on the device, or on the way there, before the whole blocks between them.
overwriting() {
  new_file 300000
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
    pwrite,0,40000,12345 pwrite,7,40001,4096 pwrite,0,200001,513 pwritev,9,40000,333 writev,1,30001,77
  [[ $output != *" = -1"* ]]
  judge tail-first --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
  judge edges --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
}

# Where the whole blocks may need space, the order is that of the answer: what is written when the
# space ends is what was counted. In a hole, in reserved blocks, beyond the end, in shared blocks.
needing_space() {
  new_file 300000
  fallocate --punch-hole --offset 61440 --length 4096 "$file"
  fallocate --zero-range --offset 126976 --length 4096 "$file"
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
    pwrite,0,20000,50001 pwrite,1,20001,120002 pwrite,0,40000,280003
  [[ $output != *" = -1"* ]]
  judge ascending "$BATS_TEST_TMPDIR/trace"
  [[ $where != xfs ]] || needing_a_copy
}

needing_a_copy() {
  new_file 400000
  cp --reflink=always "$file" "$file.copy"
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct pwrite,0,40000,12345
  judge ascending "$BATS_TEST_TMPDIR/trace"
}

# The edge at the end comes first, then a direct write that the kernel refuses, as it may at any time.
buffered_after_all() {
  new_file 300000
  strace -qq -s 300 -e raw="$data" -e inject=pwrite64:error=EINVAL:when=3 -o "$BATS_TEST_TMPDIR/trace" \
    -E LD_PRELOAD="$DIOSHIM_LIB" "$callone" "$file" rdwr,direct pwrite,1,65636,8192 >"$BATS_TEST_TMPDIR/out"
  grep -qx 'pwrite,1,65636,8192 = 65636' "$BATS_TEST_TMPDIR/out"
  grep -q INJECTED "$BATS_TEST_TMPDIR/trace"
  judge waited "$BATS_TEST_TMPDIR/trace"
}

@test "P3: all that goes through the page cache is waited for, also if direct I/O ends in the middle" {
  on_each "${strict[@]}" -- buffered_after_all
}

@test "P3: an overwrite begins with both edges; where space may be needed, a write ascends" {
  on_each "${strict[@]}" -- overwriting
  on_each "${strict[@]}" -- needing_space
}

# Some cross the boundary between two blocks.
small() {
  new_file 300000
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
    pwrite,0,1,0 pwrite,0,100,4050 pwrite,5,1000,3 write,0,600,200001 pwritev,1,7000,1111
  judge one-write-one-wait "$BATS_TEST_TMPDIR/trace"
}

@test "P3: a write without a whole block in it is one write and one wait" {
  on_each "${strict[@]}" -- small
}

extending() {
  file=$scratch/file
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,creat,direct \
    write,0,1000,0 write,1,100000,1000 write,0,3,101000 pwrite,1,5000,200000 write,1,600000,101003
  [[ $output != *" = -1"* ]]
  judge edges --records --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
  # A record of a log is one write. A write of 600,000 bytes is not, nor is a call with an offset.
  run -1 judge edges --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
  [[ $output == *"write,1,100000,1000: a whole block"* ]]
  [[ $(stat --format=%s "$file") == 701003 ]]
}

@test "P3: the same for writes that extend the file" {
  on_each "${strict[@]}" -- extending
}

appends() {
  file=$scratch/file
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,creat,direct,append \
    write,0,1000,0 write,1,100000,0 writev,0,30001,0 pwrite,0,5000,0
  [[ $output != *" = -1"* ]]
  judge one-append "$BATS_TEST_TMPDIR/trace"
  judge edges --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
  [[ $(stat --format=%s "$file") == 136001 ]]
}

@test "P6: a misaligned append is one write of all its data, and is waited for" {
  on_each "${strict[@]}" -- appends
}

reads() {
  new_file 300000
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
    pread,3,1000,3 "${odd_reads[@]}"
  [[ $output != *" = -1"* ]]
  judge never-cleared --skip 1 "$BATS_TEST_TMPDIR/trace"
}

@test "P3: a read of an odd range never clears O_DIRECT" {
  on_each "${strict[@]}" "${devices[@]}" -- reads
}

sectors() {
  new_file 300000
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
    pread,3,1000,3 "${odd_writes[@]}" "${odd_reads[@]}"
  [[ $output != *" = -1"* ]]
  judge sectors --skip 1 --sector "$(sector)" "$BATS_TEST_TMPDIR/trace"
}

@test "P3: a partial sector of a block device is read and written directly, never through F_SETFL" {
  on_each "${devices[@]}" -- sectors
}

no_descriptors() {
  new_file 300000
  run -0 traced "$BATS_TEST_TMPDIR/trace" shim "$callone" "$file" rdwr,direct \
    "${odd_writes[@]}" "${odd_reads[@]}"
  [[ $output != *" = -1"* ]]
  judge no-descriptors "$BATS_TEST_TMPDIR/trace"
}

# XFS fails an aligned read with EIO if it reaches into blocks reserved beyond the end of the file.
across_the_end() {
  new_file 10000
  run -0 answered strace -qq -o "$BATS_TEST_TMPDIR/trace" -e inject=preadv:error=EIO:when=1 \
    -E LD_PRELOAD="$DIOSHIM_LIB" "$callone" "$file" rdwr,direct preadv,0,65536,0
  echo "$output"
  [[ ${lines[0]} == *"= 10000"* ]]
}

end_at_offset() {
  new_file 10000
  run -0 answered strace -qq -o "$BATS_TEST_TMPDIR/trace" -e inject=readv:error=EIO:when=1+ \
    -E LD_PRELOAD="$DIOSHIM_LIB" "$callone" "$file" rdwr,direct readv,0,65536,0
  [[ ${lines[0]} == *"= 10000"* ]]
}

still_eio() {
  new_file 100000
  run -0 strace -qq -o "$BATS_TEST_TMPDIR/trace" -e inject=preadv:error=EIO:when=1 \
    -E LD_PRELOAD="$DIOSHIM_LIB" "$callone" "$file" rdwr,direct preadv,0,65536,0
  [[ ${lines[0]} == *"= -1"* ]]
}

@test "P1: EIO beyond the end of a file is hidden from the program; EIO within the file is not" {
  on_each "${strict[@]}" -- across_the_end
  on_each "${strict[@]}" -- end_at_offset
  on_each "${strict[@]}" -- still_eio
}

@test "P1, P3: the same where the kernel reports no alignments (before Linux 6.1)" {
  local -x DIOSHIM_TEST_ANSWERS=unknown
  on_each "${strict[@]}" -- across_the_end
  on_each "${strict[@]}" -- end_at_offset
  on_each "${strict[@]}" -- overwriting
  on_each "${strict[@]}" -- needing_space
  # XFS itself can be asked.
  on_each xfs -- little_is_asked
}

@test "P7: the I/O path makes no descriptor and does not go to /proc" {
  on_each "${strict[@]}" "${devices[@]}" -- no_descriptors
}

# The variant in doc/design.md that must stay as fast as before: every buffer comes from anonymous
# mmap.
mmap_variant='
import mmap, os, sys
def mark(what):
    os.access(f"mark:{what}/python/0x0/0x0", os.F_OK)
f = os.open(sys.argv[1], os.O_CREAT | os.O_TRUNC | os.O_DIRECT | os.O_RDWR)
buffer = mmap.mmap(-1, 8192)
mark("begin")
buffer.write(b"x" * 8192)
os.write(f, buffer)
os.pwrite(f, buffer, 8192)
os.preadv(f, [buffer], 4096)
mark("end")
'

mmap_python() {
  local python
  python=$(python3_binary)
  traced "$BATS_TEST_TMPDIR/plain" plain "$python" -c "$mmap_variant" "$scratch/file"
  rm "$scratch/file"
  traced "$BATS_TEST_TMPDIR/shim" shim "$python" -c "$mmap_variant" "$scratch/file"
  # The kernel chooses the address of anonymous memory.
  sed -E -i 's/0x7[ef][0-9a-f]{10}/ADDRESS/g' "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/shim"
  grep -q 'pwrite64(0x., ADDRESS, 0x2000, 0x2000) = 0x2000' "$BATS_TEST_TMPDIR/shim"
  cut_at_marks() { sed -n '/mark:begin/,/mark:end/p' "$1"; }
  diff <(cut_at_marks "$BATS_TEST_TMPDIR/plain") <(cut_at_marks "$BATS_TEST_TMPDIR/shim")
}

@test "P2: Python with page-aligned mmap buffers makes the same system calls as without the shim" {
  on_each "${strict[@]}" -- mmap_python
}
