#!/usr/bin/env bats
# Whole blocks on their way while the thread copies the next piece, or writes the edges (src/overlap.h):
# that it is done, where it is done, and that nothing is different where it cannot be.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

setup_file() {
  need strace
}

setup() {
  callone=$DIOSHIM_TEST_BIN/callone
  trace=$BATS_TEST_TMPDIR/trace
  files=(ext4-512 ext4-4096 xfs)
  devices=(blk-512 blk-4096)
}

# Overwrites, of misaligned memory and of odd ranges, positional and not, of all sizes that matter.
read -r -d '' -a overwrites <<'END' || :
  pwrite,13,1048576,0 write,13,1048576,0 pwrite,1,2000000,4321 pwrite,3,65536,12345
  pwritev,9,1500001,100 write,7,262144,0 writev,5,524288,0 pwrite,0,40001,4095 pwrite,13,2097152,8192
END

# Make the same calls on an O_DIRECT file under the shim and on an ordinary one; the trace is the shim's.
both() { # STRACE-OPTION... -- CALL...
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  direct=$scratch/direct
  ordinary=$scratch/ordinary
  [[ ! -b $scratch ]] || direct=$scratch ordinary=$BATS_TEST_TMPDIR/ordinary
  pattern 4194304 | dd of="$direct" bs=64k iflag=fullblock conv=notrunc,fsync status=none
  pattern 4194304 >"$ordinary"
  sync "$ordinary"
  strace -qq -f -o "$trace" "${options[@]}" -E LD_PRELOAD="$DIOSHIM_LIB" \
    "$callone" "$direct" rdwr,direct "$@" >"$trace.direct"
  "$callone" "$ordinary" rdwr "$@" >"$trace.ordinary"
  cmp "$trace.direct" "$trace.ordinary"
  cmp -n 4194304 "$direct" "$ordinary"
}

submitted() {
  grep -c 'io_uring_enter([0-9]*, 1, ' "$trace" || :
}

pieces() {
  both -- pwrite,13,1048576,0 pwrite,13,1048576,1048576
  (($(submitted) >= 4))
  # But for the first piece, which a file whose times are due waits for, and a call that was refused.
  run -1 grep -E 'pwrite64\(.*1048576, [0-9]+\) = 1048576' "$trace"
}

@test "large overwrites from misaligned memory go piece by piece, the next copied meanwhile" {
  on_each "${files[@]}" "${devices[@]}" -- pieces
}

around() {
  both -- pwrite,0,65536,12345 pwrite,0,65536,12345
  local set_out cleared
  set_out=$(grep -n 'io_uring_enter([0-9]*, 1, ' "$trace" | tail -n 1 | cut -d: -f1)
  cleared=$(grep -n 'F_SETFL' "$trace" | tail -n 4 | head -n 1 | cut -d: -f1)
  ((set_out < cleared))
}

@test "the whole blocks between two edges set out before the edges are written" {
  on_each "${files[@]}" -- around
}

everything() {
  both -- "${overwrites[@]}"
  (($(submitted) > 10))
}

@test "overwrites of every kind leave what they leave on an ordinary file" {
  on_each "${files[@]}" "${devices[@]}" -- everything
}

without() {
  both -E DIOSHIM_WITHOUT=overlap -- "${overwrites[@]}"
  run -1 grep io_uring "$trace"
}

@test "DIOSHIM_WITHOUT=overlap: never" {
  on_each "${files[@]}" "${devices[@]}" -- without
}

refused() {
  both -e inject=io_uring_setup:error=EPERM -- "${overwrites[@]}"
  [[ $(grep -c io_uring_setup "$trace") == 1 ]]
  both -e inject=io_uring_setup:error=EBUSY -- "${overwrites[@]}"
  both -e inject=io_uring_enter:error=EINVAL -- "${overwrites[@]}"
  # Waiting that is interrupted does not end before what it waits for.
  both -e inject=io_uring_enter:error=EINTR:when=2+3 -- "${overwrites[@]}"
  both -e inject=prctl:retval=2 -- "${overwrites[@]}"
  run -1 grep io_uring "$trace"
}

@test "where the kernel refuses it, or a filter might: the same bytes, by synchronous calls" {
  on_each ext4-512 xfs -- refused
}

sparse() {
  direct=$scratch/direct
  truncate --size=4M "$direct"
  "$callone" "$direct" rdwr "${overwrites[@]}" >/dev/null
  mv "$direct" "$direct.plain"
  truncate --size=4M "$direct"
  shim "$callone" "$direct" rdwr,direct "${overwrites[@]}" >/dev/null
  cmp "$direct" "$direct.plain"
  rm "$direct"
  fallocate --length 4M "$direct"
  shim "$callone" "$direct" rdwr,direct "${overwrites[@]}" >/dev/null
  cmp "$direct" "$direct.plain"
}

@test "holes, and blocks that were never written" {
  on_each "${files[@]}" -- sparse
}

no_trace() {
  shim "$(python3_binary)" - "$scratch/file" <<'EOT'
import os, sys, threading
f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_DIRECT)
data = memoryview(os.urandom(1048576 + 13))[13:]
os.posix_fallocate(f, 0, 4 << 20)
def listing(what):
    return sorted(os.listdir(f"/proc/self/{what}"))
def write():
    for i in range(8):
        assert os.pwrite(f, data, (i % 4) << 20) == len(data)
before = listing("fd"), listing("task")
write()
assert (listing("fd"), listing("task")) == before
for i in range(150):        # more threads than there are places, and each with a ring of its own
    t = threading.Thread(target=write)
    t.start()
    if i % 3:
        t.join()
for t in threading.enumerate():
    if t is not threading.current_thread():
        t.join()
assert listing("fd") == before[0]
for i in range(3):          # a child has none of its parent's
    pid = os.fork()
    if not pid:
        write()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
write()
assert os.pread(os.open(sys.argv[1], os.O_RDONLY), len(data), 1 << 20) == bytes(data)
EOT
}

@test "P7: no descriptor, no thread; threads that come and go, children of fork" {
  need python3
  on_each ext4-512 -- no_trace
}
