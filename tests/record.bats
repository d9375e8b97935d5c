#!/usr/bin/env bats
# What is counted and traced on request (common/record.h), compared with what the programs did.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash; stderr: run

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
  any=(ext4-512 ext4-4096 xfs btrfs tmpfs)
  devices=(blk-512 blk-4096)
  record=$BATS_TEST_TMPDIR/record
}

# Makes a new file and sets $file; removes the record.
new_file() {
  file=$scratch
  [[ -b $file ]] || file+=/file
  pattern 1048576 | dd of="$file" bs=64k iflag=fullblock conv=notrunc,fsync status=none
  rm -f "$record"
}

watched() { # COMMAND...
  shim DIOSHIM_STATS="$record" "$@"
}

recorded() { # WHAT [ARG...]
  watched "$DIOSHIM_TEST_BIN/recorded" "$@"
}

# Prints the size of a record file, as the tests were built.
record_size() {
  "$DIOSHIM_TEST_BIN/recordcat" --size
}

cat_record() {
  "$DIOSHIM_TEST_BIN/recordcat" "${1-$record}"
}

# Prints "untouched=10 bounced=7 ..." for all files together, or for the file NAME.
ways() { # read|write [NAME]
  cat_record | sed -nE "s/^${2-all}\.$1\.((untouched|bounced|partial|refused|failed)=.*)/\1/p" | xargs
}

value() { # KEY
  cat_record | sed -n "s/^$1=//p"
}

total() { # read|write
  cat_record | sed -nE "s/^all\.$1\.(untouched|bounced|partial|refused|failed)=//p" |
    awk '{ n += $1 } END { print n + 0 }'
}

# 22 writes, then 22 reads: 10 aligned, 7 with a misaligned address, 5 with a misaligned length.
program='
import mmap, os, sys
f = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
m = memoryview(mmap.mmap(-1, 65536))
def calls(call):
    for i in range(10): call(m[:8192], i * 8192)
    for i in range(7): call(m[3:8195], i * 8192)
    for i in range(5): call(m[:5000], i * 8192)
def tolerant(call):
    def made(*args):
        try: call(*args)
        except OSError: pass
    return made
calls(tolerant(lambda memory, at: os.pwrite(f, memory, at)))
calls(tolerant(lambda memory, at: os.preadv(f, [memory], at)))
'

counted() { # WRITES READS
  local python traced
  need strace
  python=$(python3_binary)
  new_file
  # Not under the shim: strace must count the program's own calls.
  strace -f -y -o "$BATS_TEST_TMPDIR/trace" -e trace=pwrite64,preadv,preadv2 "$python" -c "$program" "$file"
  traced=$(grep -cE "^[0-9]+ +(pwrite64|preadv2?)\([0-9]+<${file}[<>]" "$BATS_TEST_TMPDIR/trace")
  watched "$python" -c "$program" "$file"
  ((traced == 44 && $(total read) + $(total write) == traced))
  [[ $(ways write) == "$1" && $(ways read) == "$2" ]]
  [[ $(value "${file##*/}.path") == "$file" ]]
  [[ $(value all.read.untouched.bytes) == "${3-81920}" ]]
}

@test "each call is counted once, by how its data was moved" {
  on_each "${strict[@]}" -- counted "untouched=10 bounced=7 partial=5" "untouched=10 bounced=12"
}

@test "each call on a block device is counted once, too" {
  on_each "${devices[@]}" -- counted "untouched=10 bounced=7 partial=5" "untouched=10 bounced=12"
}

@test "where the kernel takes any alignment, all calls are counted as untouched" {
  on_each btrfs tmpfs -- counted untouched=22 untouched=22 $((17 * 8192 + 25000))
}

details() {
  new_file
  watched "$(python3_binary)" -c "$program" "$file"
  [[ $(value all.write.address) == 7 && $(value all.write.length) == 5 && ! $(value all.write.offset) ]]
  [[ $(value all.write.no_tail) == 7 && $(value all.read.no_tail) == 7 ]]
  [[ $(value "all.write.tail.$((5000 % align))") == 5 && $(value "all.read.tail.$((5000 % align))") == 5 ]]
  [[ $(value all.read.copied) == $((7 * 8192 + 5 * 5000 - 5 * own)) && $(value all.read.copy_ns) -gt 0 ]]
  [[ $(value all.write.bounced.bytes) == $((7 * 8192)) && $(value all.write.partial.bytes) == 25000 ]]
  [[ $(value all.write.buffered) == $((5 * (5000 - 4096))) && $(value all.write.copied) == $((7 * 8192)) ]]
  [[ $(value file.offset_align) == "$align" && $(value file.inode) == $(stat -c %i "$file") ]]
}

# The aligned first part of a read with a misaligned length goes directly into aligned memory.
@test "the record has the bytes copied and buffered, what was misaligned, tails, alignments and the file" {
  need python3
  align=512 own=4608 on_each ext4-512 -- details
  align=4096 own=4096 on_each ext4-4096 -- details
}

every_name() {
  new_file
  recorded kinds "$file"
  [[ $(ways read) == "untouched=$(table_symbols READ | wc -l)" ]]
  [[ $(ways write) == "untouched=$(table_symbols WRITE | wc -l)" ]]
}

@test "a call is counted under every name, and not without O_DIRECT" {
  on_each "${any[@]}" "${devices[@]}" -- every_name
}

answers() {
  new_file
  recorded answers "$file"
  [[ $(ways read) == "untouched=6 failed=3" && $(ways write) == "untouched=2 failed=2" ]]
}

@test "calls for zero bytes, at the end of the file, and failed ones are counted; errno stays" {
  on_each "${strict[@]}" -- answers
}

threads() {
  new_file
  recorded threads "$file"
  [[ $(ways read) == "untouched=2000 bounced=2000" && $(ways write) == "untouched=2000 partial=2000" ]]
  [[ $(value all.write.partial.bytes) == $((2000 * 5001)) && $(value all.read.copied) == $((2000 * 4096)) ]]
}

@test "calls of eight threads are counted, each with a descriptor, beside an ordinary one" {
  on_each "${strict[@]}" -- threads
}

# How a call is moved depends on timing here: O_DIRECT may be off for another call.
sharing() {
  new_file
  recorded sharing "$file"
  (($(total read) == 4000 && $(total write) == 4000))
}

@test "calls of eight threads with one descriptor are counted, beside an ordinary one" {
  on_each "${any[@]}" -- sharing
}

# Each process makes 20 aligned reads and 10 misaligned writes.
processes() {
  new_file
  recorded tree "$file"
  (($(total read) == 300 && $(total write) == 150))
  new_file
  recorded vfork "$file"
  (($(total read) == 40 && $(total write) == 20))
  new_file
  recorded exec "$file" "$DIOSHIM_TEST_BIN/recorded" exec "$file" /bin/true
  (($(total read) == 40 && $(total write) == 20))
  new_file
  run -137 recorded kill "$file"
  (($(total read) == 20 && $(total write) == 10))
  [[ $(value claimed) == 0 && $(value ready) == 1 ]]
}

@test "calls of processes that fork, vfork, _exit, execute a program or are killed are counted" {
  on_each "${strict[@]}" -- processes
}

window() {
  new_file
  run recorded window "$file"
  ((status != 77)) || skip "this kernel has no seccomp filters"
  ((status == 0)) || fail "$output"
  [[ $(ways write) == "untouched=1 partial=2" && $(value all.write.buffered) == $((500 + 4096)) ]]
}

@test "an aligned call that met a window is counted as buffered, and O_DIRECT is set again" {
  on_each "${strict[@]}" -- window
}

many_files() {
  rm -f "$record"
  recorded many "$scratch" 17000
  (($(value ready) == 16384 && $(value lost_files) == 616 && $(value others) == 616))
  (($(value all.read.untouched) == 17000))
  recorded many "$scratch" 17000
  (($(value ready) == 16384 && $(value lost_files) == 1232 && $(value others) == 616))
  (($(value all.read.untouched) == 34000))
}

@test "calls on files beyond those that the record has room for are in the total, and the files are counted" {
  on_each tmpfs -- many_files
}

# Two lists with a file in common, names with colons, and too many names.
several() {
  local n list=$record
  new_file
  rm -f "$record".*
  shim DIOSHIM_STATS="$record:$record.b:12:30" DIOSHIM_TRACE="$record.c:$record.b:12:30" \
    "$DIOSHIM_TEST_BIN/recorded" exec "$file" /bin/true
  for n in "$record" "$record.b:12:30"; do
    [[ $(record=$n ways read) == untouched=20 && $(record=$n ways write) == partial=10 ]]
  done
  [[ ! $(record=$record.c ways read) && $(record=$record value calls) == 0 ]]
  [[ $(record=$record.c value calls) == 10 && $(record=$record.b:12:30 value calls) == 10 ]]
  # A file that is no record does not keep calls out of the others.
  new_file
  run -0 --separate-stderr shim DIOSHIM_STATS="$file:$record" "$DIOSHIM_TEST_BIN/recorded" exec "$file" /bin/true
  [[ $(ways read) == untouched=20 && $stderr == "dioshim: DIOSHIM_STATS=$file: neither"*"; nothing is recorded"* ]]
  new_file
  for n in 1 2 3 4 5 6 7 8; do list+=:$record.$n; done
  run -0 --separate-stderr shim DIOSHIM_STATS="$list" "$DIOSHIM_TEST_BIN/callone" "$file" rdwr,direct pread,3,8192,4096
  [[ $(ways read) == bounced=1 && $(record=$record.7 ways read) == bounced=1 && ! -e $record.8 ]]
  [[ $stderr == "dioshim: DIOSHIM_STATS=$record.8: there are too many record files; nothing is recorded" ]]
}

@test "each of several record files has all calls" {
  on_each ext4-512 -- several
}

sharing_two() {
  new_file
  shim DIOSHIM_STATS="$record.outer:$record" "$DIOSHIM_TEST_BIN/recorded" sharing "$file"
  (($(total read) == 4000 && $(total write) == 4000))
  (($(record=$record.outer total read) == 4000 && $(record=$record.outer total write) == 4000))
}

@test "calls of eight threads with one descriptor are counted in two record files" {
  on_each ext4-512 -- sharing_two
}

# The trace

# shellcheck disable=SC2054 # callone takes commas
traced_calls=(pwrite,3,8192,4096 pwrite,0,1000,512 pread,1,4096,8192 read,0,777,1024 write,5,1024,2048
  pread,0,4096,4096 preadv,3,8192,4096 pwritev,0,2048,4097 readv,7,4096,512 writev,1,4096,0
  pwritev2,0,1000,100 preadv2,2,1024,0 write,0,10001,4097)

# Prints what the trace must have of these calls; it must not have the aligned one.
expected_calls() {
  local call name misalign len pos bits number=0 iovcnt positional
  for call in "${traced_calls[@]}"; do
    IFS=, read -r name misalign len pos <<<"$call"
    bits=$(((misalign % 512 ? 1 : 0) | (len % 512 ? 2 : 0) | (pos % 512 ? 4 : 0)))
    ((bits)) || continue
    iovcnt=0 positional=0
    if [[ $name == p* ]]; then positional=1; fi
    if [[ $name == *v* ]]; then iovcnt=2; elif ((positional)); then name=${name}64; fi
    echo "call=$((number++)) nr=$name fd=3 iovcnt=$iovcnt len=$len pos=$pos ret=$len" \
      "misaligned=$bits positional=$positional"
  done
}

traced() {
  local line calls=$BATS_TEST_TMPDIR/calls
  new_file
  shim DIOSHIM_TRACE="$record" "$DIOSHIM_TEST_BIN/callone" "$file" rdwr,direct "${traced_calls[@]}" \
    >/dev/null 3>&- 4>&-
  cat_record | grep '^call=' >"$calls"
  diff <(expected_calls) \
    <(sed -E 's/^(call=.* misaligned=.) .* (positional=.) .*/\1 \2/' "$calls")
  # The first call was refused; the refusal of the others was predicted, unless they are vectored.
  [[ $(sed -n 1p "$calls") == *" refusal=22 "* && $(sed -n 2p "$calls") == *" refusal=0 "* ]]
  # A bounce buffer only; buffered only; both, in several parts.
  [[ $(sed -n 1p "$calls") == *" done=1 "*" copied=8192 buffered=0 "* ]]
  [[ $(sed -n 2p "$calls") == *" done=2 "*" copied=0 buffered=1000 "* ]]
  [[ $(tail -n 1 "$calls") == *" done=11 "*" copied=4096 buffered=5905 "* ]]
  while read -r line; do
    [[ $line == *" inode=$(stat -c %i "$file")" && $line =~ duration=[1-9] ]]
  done <"$calls"
  # DIOSHIM_STATS is not set, so nothing is counted.
  [[ ! $(ways read)$(ways write) ]]
}

@test "the trace has the calls that were changed, and no others" {
  diff <(table_transfers | as_functions | sort) <(printf '%s\n' "${traced_calls[@]%%,*}" | sort -u)
  on_each ext4-512 -- traced
}

# Calls that were retried with O_DIRECT off (16) are left out: their position comes from the offset
# afterwards.
one_offset() {
  new_file
  shim DIOSHIM_TRACE="$record" "$DIOSHIM_TEST_BIN/recorded" offset "$file"
  cat_record | sed -nE 's/^call=.* pos=([0-9]+) .* done=([0-9]+) .*/\1 \2/p' |
    awk 'int($2 / 16) % 2 == 0 { if ($1 % 5001 || $1 >= 500100 || seen[$1]++) exit 1; n++ } END { if (!n) exit 1 }'
}

@test "the trace has the position of a call through a shared offset" {
  on_each "${strict[@]}" -- one_offset
}

both() {
  new_file
  shim DIOSHIM_STATS="$record" DIOSHIM_TRACE="$record" \
    "$DIOSHIM_TEST_BIN/recorded" exec "$file" /bin/true
  [[ $(ways read) == untouched=20 && $(value calls) == 10 && $(value ready) == 1 ]]
  new_file
  rm -f "$record.trace"
  shim DIOSHIM_STATS="$record" DIOSHIM_TRACE="$record.trace" \
    "$DIOSHIM_TEST_BIN/recorded" exec "$file" /bin/true
  [[ $(ways read) == untouched=20 && $(value calls) == 0 ]]
  [[ $(cat_record "$record.trace") == *calls=10* ]]
}

@test "statistics and trace can share one file or have two" {
  on_each "${strict[@]}" -- both
}

ring() {
  new_file
  shim DIOSHIM_TRACE="$record" "$DIOSHIM_TEST_BIN/recorded" ring "$file" 66536
  cat_record >"$BATS_TEST_TMPDIR/calls"
  grep -qx calls=66536 "$BATS_TEST_TMPDIR/calls"
  run ! grep ^missing "$BATS_TEST_TMPDIR/calls"
  diff <(sed -nE 's/^call=([0-9]+) .* pos=(-[0-9]+) ret=-22 .*/\1 \2/p' "$BATS_TEST_TMPDIR/calls") \
    <(seq 1000 66535 | awk '{ print $1, -100 - $1 }')
}

@test "the ring of calls wraps around, and keeps the last calls" {
  on_each ext4-512 -- ring
}

# Unusable files

# A program works as without DIOSHIM_STATS and DIOSHIM_TRACE if they name NAME; one line says why it is not used.
useless() { # NAME WHY
  run -0 --separate-stderr shim DIOSHIM_STATS="$1" DIOSHIM_TRACE="$1" "$DIOSHIM_TEST_BIN/callone" "$file" rdwr,direct \
    pwrite,3,8192,4096 pread,3,8192,4096
  echo "$1: $stderr"
  [[ ${lines[*]} == *"= 8192"*"= 8192"* && ${#stderr_lines[@]} == 1 ]]
  [[ $stderr == "dioshim: DIOSHIM_STATS=$1: "*"$2"*"; nothing is recorded" ]]
}

foreign() {
  local name
  new_file
  cd "$BATS_TEST_TMPDIR" || return
  head -c 100 /dev/urandom >short
  truncate -s "$(record_size)" zeros
  printf 'dioshim1' >one-word
  { printf 'dioshim1' && head -c 40000000 /dev/zero; } >longer
  { printf 'dioshim1\1\0\0\0\0\0\0\0' && head -c 20000000 /dev/zero; } >other-version
  for name in short zeros one-word longer other-version; do
    cp -a "$name" "$name.before"
    useless "$BATS_TEST_TMPDIR/$name" "neither an empty file"
    cmp "$name" "$name.before"
    [[ $(stat -c '%y %s' "$name") == $(stat -c '%y %s' "$name.before") ]]
  done
}

@test "a file that is not a record is not changed" {
  on_each ext4-512 -- foreign
}

bad_paths() {
  new_file
  cd "$BATS_TEST_TMPDIR" || return
  mkfifo fifo && mkdir directory && ln -s target link && mkdir small
  useless "$BATS_TEST_TMPDIR/none/record" "No such file or directory"
  useless "$BATS_TEST_TMPDIR/directory" "Is a directory"
  useless "$BATS_TEST_TMPDIR/link" "symbolic links"
  useless "$BATS_TEST_TMPDIR/fifo" "neither an empty file"
  useless /dev/null "neither an empty file"
  useless "relative/none" "No such file or directory"
  [[ ! -e target ]]
  mount -t tmpfs -o size=1m dioshim-test small
  useless "$BATS_TEST_TMPDIR/small/record" "No space left on device"
  # RLIMIT_FSIZE does not make the shim raise SIGXFSZ.
  (ulimit -f 1000 && useless "$BATS_TEST_TMPDIR/limited" "File too large")
  shim DIOSHIM_STATS="" DIOSHIM_TRACE="" "$DIOSHIM_TEST_BIN/callone" "$file" rdwr,direct read,3,512,0
}

@test "an unusable path is reported once, and the program works" {
  ((EUID == 0)) || skip "mounting filesystems needs root"
  on_each ext4-512 -- bad_paths
  umount "$BATS_TEST_TMPDIR/small" || :
}

@test "an empty file becomes a record, and an existing record is continued" {
  : >"$record"
  scratch=$BATS_TEST_TMPDIR
  for n in 1 2; do
    watched "$DIOSHIM_TEST_BIN/callone" /dev/null rdwr getfl
    [[ $(stat -c %s "$record") == $(record_size) && $(value lost_files) == 0 ]]
  done
  rm "$record"
  umask 0
  watched "$DIOSHIM_TEST_BIN/callone" /dev/null rdwr getfl
  [[ $(stat -c %a "$record") == 600 ]]
}

many_at_once() {
  local n children=()
  new_file
  for ((n = 0; n < 20; n++)); do
    recorded exec "$file" /bin/true &
    children+=($!)
  done 2>"$BATS_TEST_TMPDIR/complaints"
  wait "${children[@]}"
  [[ ! -s $BATS_TEST_TMPDIR/complaints ]]
  (($(total read) == 400 && $(total write) == 200))
}

@test "twenty programs can create the record at the same time" {
  on_each ext4-512 -- many_at_once
}

# Coexistence

@test "P7: recording leaves no descriptor open, and numbers are the same" {
  need python3
  list='import os; print(sorted(os.listdir("/proc/self/fd")), os.open("/dev/null", os.O_RDONLY))'
  python=$(python3_binary)
  plain=$("$python" -c "$list")
  [[ $(watched "$python" -c "$list") == "$plain" ]]
  [[ $(shim DIOSHIM_TRACE="$record" "$python" -c "$list" 5<&-) == "$plain" ]]
}

# Prints the system calls of a program that starts under the shim, without those of the loader.
started() { # VARIABLE...
  strace -f -o "$BATS_TEST_TMPDIR/trace" -E LD_PRELOAD="$DIOSHIM_LIB" "${@/#/-E}" \
    "$DIOSHIM_TEST_BIN/callone" /dev/null rdwr getfl read,0,512,0 >/dev/null
  sed -E 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/' "$BATS_TEST_TMPDIR/trace" |
    grep -vxE 'mmap|openat|read|fstat|newfstatat|mprotect|close|munmap|brk|getrandom|.*(exit|exited).*' | sort
}

@test "P2: without a request to record, the shim makes no system call when it is loaded" {
  need strace
  strace -f -o "$BATS_TEST_TMPDIR/plain" "$DIOSHIM_TEST_BIN/callone" /dev/null rdwr getfl read,0,512,0 >/dev/null
  sed -E 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/' "$BATS_TEST_TMPDIR/plain" |
    grep -vxE 'mmap|openat|read|fstat|newfstatat|mprotect|close|munmap|brk|getrandom|.*(exit|exited).*' |
    sort >"$BATS_TEST_TMPDIR/expected"
  diff "$BATS_TEST_TMPDIR/expected" <(started)
  run ! diff "$BATS_TEST_TMPDIR/expected" <(started DIOSHIM_STATS="$record")
}

guest_recorded() {
  chmod 755 "$scratch"
  rm -f "$record"
  shim DIOSHIM_STATS="$record" DIOSHIM_TRACE="$record" DIOSHIM_TEST_DIR="$scratch" \
    CMOCKA_TEST_FILTER="${1-*}" "$DIOSHIM_TEST_BIN/guest" >"$BATS_TEST_TMPDIR/guest" 2>&1 ||
    { grep -v ^ok "$BATS_TEST_TMPDIR/guest" && false; }
}

@test "P7: the shim coexists while it records, its use of the stack included" {
  on_each ext4-512 -- guest_recorded
}

# DIOSHIM_DISABLE

# shellcheck disable=SC2054 # callone takes commas
odd=(pwrite,3,40000,12345 pwrite,3,8192,8192 pread,3,8192,8192 pwrite,3,8192,8192)

disable() { # LIST
  new_file
  strace -o "$BATS_TEST_TMPDIR/trace" -E LD_PRELOAD="$DIOSHIM_LIB" -E DIOSHIM_DISABLE="$1" \
    "$DIOSHIM_TEST_BIN/callone" "$file" rdwr,direct "${odd[@]}" >"$BATS_TEST_TMPDIR/out" 2>&1
  # Every call succeeds, whatever is disabled.
  [[ $(grep -c '= 40000$\|= 8192$' "$BATS_TEST_TMPDIR/out") == 4 ]]
  cksum <"$file" >"$BATS_TEST_TMPDIR/sum.$1"
  cmp "$BATS_TEST_TMPDIR/sum." "$BATS_TEST_TMPDIR/sum.$1"
}

# Without the looks at memory, which are refused on purpose.
seen() { # PATTERN
  grep -v 'rt_sigprocmask(0x63\|MADV_POPULATE' "$BATS_TEST_TMPDIR/trace" | grep -c -- "$1" || :
}

each_disabled() {
  disable ""
  (($(seen 'EINVAL') == 1 && $(seen MADV_HUGEPAGE) == 1 && $(seen MADV_NOHUGEPAGE) == 0))
  (($(seen POSIX_FADV_WILLNEED) == 2 && $(seen 'sync_file_range(.*, SYNC_FILE_RANGE_WRITE) ') > 0))
  disable hints
  (($(seen 'EINVAL') == 4 && $(seen MADV_HUGEPAGE) == 1 && $(seen POSIX_FADV_WILLNEED) == 2))
  disable hugepages
  (($(seen 'EINVAL') == 1 && $(seen MADV_HUGEPAGE) == 0 && $(seen MADV_NOHUGEPAGE) == 1))
  disable prefetch
  (($(seen 'EINVAL') == 1 && $(seen MADV_HUGEPAGE) == 1 && $(seen POSIX_FADV_WILLNEED) == 0))
  (($(seen 'sync_file_range(.*, SYNC_FILE_RANGE_WRITE) ') == 0))
  disable prefetch,hugepages,hints
  (($(seen 'EINVAL') == 4 && $(seen MADV_HUGEPAGE) == 0 && $(seen POSIX_FADV_WILLNEED) == 0))
  [[ ! $(sed -n '/^dioshim/p' "$BATS_TEST_TMPDIR/out") ]]
}

@test "DIOSHIM_DISABLE: each optimisation can be disabled, and all" {
  need strace
  on_each ext4-512 -- each_disabled
}

bad_words() {
  disable ""
  disable "hints,speed,,hugepages,Hints"
  [[ $(grep -c ^dioshim "$BATS_TEST_TMPDIR/out") == 2 ]]
  for word in speed Hints; do
    grep -qx "dioshim: DIOSHIM_DISABLE=$word: not one of hints, hugepages, prefetch, stdio; ignored" \
      "$BATS_TEST_TMPDIR/out"
  done
  (($(seen 'EINVAL') == 4 && $(seen MADV_NOHUGEPAGE) == 1 && $(seen POSIX_FADV_WILLNEED) == 2))
}

@test "DIOSHIM_DISABLE: an unknown word is reported, and the others work" {
  need strace
  on_each ext4-512 -- bad_words
}

# Prints the VmFlags of the bounce memory: only that is not copied by fork ("dc").
bounce_flags() {
  new_file
  shim DIOSHIM_DISABLE="$1" "$(python3_binary)" -c '
import mmap, os, sys
f = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
m = memoryview(mmap.mmap(-1, 1 << 20))[1:]
for i in range(100): os.preadv(f, [m[:65536]], 0)
flags = [l for l in open("/proc/self/smaps") if l.startswith("VmFlags") and " dc" in l]
print(*flags)
' "$file"
}

huge() {
  [[ $(bounce_flags "") == *" hg"* && $(bounce_flags "") != *" nh"* ]]
  [[ $(bounce_flags hugepages) == *" nh"* && $(bounce_flags hugepages) != *" hg"* ]]
}

@test "DIOSHIM_DISABLE=hugepages: the kernel reports it for the bounce memory" {
  need python3
  on_each ext4-512 -- huge
}
