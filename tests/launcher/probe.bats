#!/usr/bin/env bats
# `dioshim --probe`: its numbers are those of the kernel (probe.py asks without it), the results of
# --try are those of plain calls, and it leaves no files behind.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: lib.bash; python: setup_file

load ../lib

all=(ext4-512 ext4-4096 xfs btrfs tmpfs blk-512 blk-4096)

setup() {
  : "${DIOSHIM_LAUNCHER:?the launcher under test; use \"make check\"}"
  need findmnt util-linux
}

setup_file() {
  python=$(python3_binary)
  export python
}

probe() { # [OPTION...] PATH...
  timeout 20 "$DIOSHIM_LAUNCHER" --probe "$@"
}

oracle() { # MODE [ARG...]
  "$python" "$DIOSHIM_TOP_SRCDIR/tests/launcher/probe.py" "$@"
}

# Prints the value of a key of the only path, as JSON.
value() { # KEY
  "$python" -c 'import json, sys
print(json.dumps(json.load(sys.stdin)["probe"][0][sys.argv[1]]))' "$1"
}

value_is() { # KEY VALUE <JSON
  local found
  found=$(value "$1")
  [[ $found == "$2" ]] || fail "$where: $1 is $found, not $2"
}

# Prints names, contents and times.
state() { # DIRECTORY
  (
    cd -- "$1" || return
    find . -printf '%p %s %T@ %C@\n' | sort
    find . -type f -exec sha256sum {} + | sort
  )
}

agrees() { # [try]
  probe ${1:+--try} --json "$scratch" >"$BATS_TEST_TMPDIR/json"
  oracle agrees "$scratch" "$@" <"$BATS_TEST_TMPDIR/json"
}

file_agrees() {
  pattern 1000 >"$scratch/file"
  scratch+=/file agrees
  scratch+=/file agrees try
}

@test "the numbers are those of the kernel" {
  on_each "${all[@]}" -- agrees
}

@test "the results of --try are those of plain calls" {
  on_each "${all[@]}" -- agrees try
}

@test "an existing file: the same, and its data are unchanged" {
  on_each ext4-512 ext4-4096 xfs btrfs tmpfs -- file_agrees
}

ways() { # ALIGNED MISALIGNED
  probe --try --json "$scratch" >"$BATS_TEST_TMPDIR/json"
  value_is aligned "$1" <"$BATS_TEST_TMPDIR/json"
  value_is misaligned_address "$2" <"$BATS_TEST_TMPDIR/json"
  value_is misaligned_offset "$2" <"$BATS_TEST_TMPDIR/json"
}

@test "direct and buffered calls are told apart" {
  on_each ext4-512 ext4-4096 xfs -- ways '"direct"' '"EINVAL"'
  on_each tmpfs -- ways '"buffered"' '"buffered"'
}

# Without checksums, btrfs makes aligned writes directly. Misaligned ones go through the page cache,
# and btrfs drops their pages afterwards.
btrfs_ways() {
  chattr +C "$scratch"
  ways '"direct"' '"buffered"'
}

@test "direct and buffered calls are told apart where nothing stays in the page cache" {
  need chattr e2fsprogs
  on_each btrfs -- btrfs_ways
}

same_under_the_shim() {
  probe --try --json "$scratch" >"$BATS_TEST_TMPDIR/json"
  shim "$DIOSHIM_LAUNCHER" --probe --try --json "$scratch" >"$BATS_TEST_TMPDIR/shimmed"
  diff "$BATS_TEST_TMPDIR/json" "$BATS_TEST_TMPDIR/shimmed"
}

@test "under the shim, the results are still those of the kernel" {
  on_each ext4-512 blk-512 -- same_under_the_shim
}

nothing_left() { # OPTION...
  local before
  mkdir "$scratch/directory"
  pattern 5000 >"$scratch/file"
  before=$(state "$scratch")
  probe "$@" "$scratch/directory" "$scratch/file" "$scratch/none" >&2
  diff <(echo "$before") <(state "$scratch")
}

@test "no file is left behind, and no timestamp is changed" {
  on_each ext4-512 xfs btrfs tmpfs -- nothing_left
  on_each ext4-512 xfs btrfs tmpfs -- nothing_left --try
}

# strace makes the open fail as a filesystem without O_TMPFILE does.
without_tmpfile() {
  probe --try --json "$scratch" >"$BATS_TEST_TMPDIR/json"
  timeout 20 strace -qq -o "$BATS_TEST_TMPDIR/trace" -P "$scratch" -e trace=openat \
    -e inject=openat:error=EOPNOTSUPP:when=1 \
    "$DIOSHIM_LAUNCHER" --probe --try --json "$scratch" >"$BATS_TEST_TMPDIR/named"
  grep -q 'O_TMPFILE.*INJECTED' "$BATS_TEST_TMPDIR/trace"
  diff "$BATS_TEST_TMPDIR/json" "$BATS_TEST_TMPDIR/named"
  [[ -z $(ls -A "$scratch") ]] || fail "left behind: $(ls -A "$scratch")"
}

@test "without O_TMPFILE, a file is created and unlinked at once" {
  need strace
  on_each ext4-512 -- without_tmpfile
}

device_untouched() {
  local before
  before=$(sha256sum "$scratch")
  timeout 20 strace -f -y -o "$BATS_TEST_TMPDIR/trace" \
    "$DIOSHIM_LAUNCHER" --probe --try "$scratch" >&2
  [[ $(sha256sum "$scratch") == "$before" ]]
  grep -q "pread64(.*$scratch.*EINVAL" "$BATS_TEST_TMPDIR/trace"
  run ! grep -E "(write[v2]*|ioctl|fallocate)[(].*$scratch|$scratch.*(O_RDWR|O_WRONLY)" \
    "$BATS_TEST_TMPDIR/trace"
}

@test "a block device is never written to" {
  need strace
  on_each blk-512 blk-4096 -- device_untouched
}

only_looks() {
  pattern 5000 >"$scratch/file"
  strace -f -o "$BATS_TEST_TMPDIR/trace" "$DIOSHIM_LAUNCHER" --probe --json "$scratch/file" \
    >"$BATS_TEST_TMPDIR/json"
  run ! grep -E "open.*($scratch|O_TMPFILE)|pwrite" "$BATS_TEST_TMPDIR/trace"
  value_is tried null <"$BATS_TEST_TMPDIR/json"
  probe "$scratch/file" | grep 'not tried'
}

@test "without --try, an existing file is not opened" {
  need strace
  on_each ext4-512 -- only_looks
}

read_only_directory() {
  mkdir "$scratch/d"
  mount --bind "$scratch/d" "$scratch/d"
  mount -o remount,bind,ro "$scratch/d"
  probe --try --json "$scratch/d" >"$BATS_TEST_TMPDIR/json"
  umount "$scratch/d"
  value_is misaligned_offset null <"$BATS_TEST_TMPDIR/json"
  value_is mem_align null <"$BATS_TEST_TMPDIR/json"
  value_is filesystem '"ext4"' <"$BATS_TEST_TMPDIR/json"
  value_is note '"cannot create a file there: Read-only file system"' <"$BATS_TEST_TMPDIR/json"
}

@test "a directory that cannot be written to" {
  ((EUID == 0)) || skip "mounting needs root"
  on_each ext4-512 -- read_only_directory
}

bound_file() {
  touch "$scratch/file" "$BATS_TEST_TMPDIR/place"
  mount --bind "$scratch/file" "$BATS_TEST_TMPDIR/place"
  probe --try --json "$BATS_TEST_TMPDIR/place" >"$BATS_TEST_TMPDIR/json"
  umount "$BATS_TEST_TMPDIR/place"
  value_is filesystem '"xfs"' <"$BATS_TEST_TMPDIR/json"
  value_is tried null <"$BATS_TEST_TMPDIR/json"
  value_is mem_align 512 <"$BATS_TEST_TMPDIR/json"
}

@test "no test calls for a file whose directory is on another device" {
  ((EUID == 0)) || skip "mounting needs root"
  on_each xfs -- bound_file
}

missing_file() {
  probe --try --json "$scratch/none" >"$BATS_TEST_TMPDIR/json"
  value_is offset_align 4096 <"$BATS_TEST_TMPDIR/json"
  value_is misaligned_offset '"EINVAL"' <"$BATS_TEST_TMPDIR/json"
  value_is note '"does not exist; its directory was probed"' <"$BATS_TEST_TMPDIR/json"
  [[ ! -e $scratch/none ]]
}

@test "for a file that does not exist, its directory is probed" {
  on_each ext4-4096 -- missing_file
}

# Where O_DIRECT is refused

teardown() {
  local place
  for place in over huge squash; do
    ! mountpoint -q "$BATS_TEST_TMPDIR/$place" || umount "$BATS_TEST_TMPDIR/$place"
  done
}

# Makes squash/file, and over/file, which is the same through an overlay.
make_refusing() {
  ((EUID == 0)) || skip "mounting needs root"
  need mksquashfs squashfs-tools
  cd -- "$BATS_TEST_TMPDIR" || return
  mkdir tree squash over
  pattern 200000 >tree/file
  mksquashfs tree image -quiet -no-progress >/dev/null
  mount -t squashfs -o loop,ro image squash 2>/dev/null || skip "no squashfs here"
  mount -t overlay -o lowerdir=squash:tree none over 2>/dev/null || skip "no overlay here"
}

says_refused() { # WHERE PATH...
  local path try
  for path in "${@:2}"; do
    for try in '' --try; do
      probe $try --json "$path" >json
      where=$path value_is refused "\"$1\"" <json
      [[ $(value note <json) == *"O_DIRECT refused at open\"" || $1 != open ]]
      run -0 probe $try "$path"
      [[ ${lines[1]} =~ \ refused\ +refused\ .*\ refused$ && $output != *unknown* ]] || fail "$output"
    done
  done
}

@test "squashfs, and an overlay over it: O_DIRECT is refused at open" {
  make_refusing
  says_refused open squash/file squash over/file over
}

@test "hugetlbfs: O_DIRECT is refused at open" {
  ((EUID == 0)) || skip "mounting needs root"
  cd -- "$BATS_TEST_TMPDIR"
  mkdir huge
  mount -t hugetlbfs none huge 2>/dev/null || skip "no hugetlbfs here"
  : >huge/file
  says_refused open huge/file huge
}

# As a FUSE or network file system may do: strace lets the calls fail.
first_call() { # PATH
  timeout 20 strace -qq -o /dev/null -e inject=pwrite64:error=EINVAL:when=2+ \
    "$DIOSHIM_LAUNCHER" --probe --try --json "$1" >"$BATS_TEST_TMPDIR/json"
  value_is refused '"first call"' <"$BATS_TEST_TMPDIR/json"
}

refused_at_first_call() {
  first_call "$scratch"
  value_is note '"O_DIRECT accepted at open, and refused at the first call"' <"$BATS_TEST_TMPDIR/json"
  probe --try --json "$scratch" | value_is refused null
}

@test "O_DIRECT that is accepted at open, and refused at the first call" {
  need strace
  on_each tmpfs -- refused_at_first_call
}

# fcntl(2) sets the flag where open(2) would refuse it; the next call is refused, however aligned it is.
late='import fcntl, mmap, os, sys
f = os.open(sys.argv[1], os.O_RDONLY)
fcntl.fcntl(f, fcntl.F_SETFL, os.O_DIRECT)
m = memoryview(mmap.mmap(-1, 65536))
for start, end, at in (0, 4096, 0), (1, 1001, 3):
    os.preadv(f, [m[start:end]], at)
os.read(f, 4096)
'

@test "a trace says that the file system refuses direct I/O, not that an aligned read is misaligned; so does --stats" {
  make_refusing
  run -0 "$DIOSHIM_LAUNCHER" --trace=trace --stats "$python" -c "$late" over/file
  local report=$output
  cat trace
  (($(wc -l <trace) == 3 && $(grep -c '# alignment unknown; .*direct I/O refused by the file system; ' trace) == 3))
  run ! grep -E 'misaligned|# aligned' trace
  [[ $report == *"3 reads of $PWD/over/file: the file system refused direct I/O at every alignment (see dioshim --probe PATH), so they used the page cache, or failed."* ]] || fail "$report"
  [[ $report != *misaligned* && $report != *"block boundary"* ]] || fail "$report"
  # Where alignments are known, misaligned is misaligned.
  cd -- "$(test_path ext4-512)" || skip "not on ext4-512"
  pattern 8192 >late
  "$DIOSHIM_LAUNCHER" --trace="$BATS_TEST_TMPDIR/trace" "$python" -c "$late" late
  grep -q '# address, length, offset misaligned; refused with EINVAL, bounced ' "$BATS_TEST_TMPDIR/trace"
}

@test "no line of the table is wider than the terminal, whatever is in it" {
  cd -- "$BATS_TEST_TMPDIR"
  local long=a-directory-with-quite-a-long-name/and-another-one-in-it
  mkdir -p "$long"
  : >"$long/file"
  COLUMNS=80 probe --try "$long" "$long/file" "$long/none" /dev/none >table
  cat table
  awk 'length > 80 { exit 1 }' table
  grep -q '^a-.*\.\.\..*-it ' table
  grep -q "^$long/none: does not exist;" table
  # Not a terminal: the whole path.
  probe "$long/file" | grep -q "^$long/file "
}

@test "each error is one line, the other paths are printed, status 1" {
  cd -- "$BATS_TEST_TMPDIR"
  mkfifo fifo
  ln -s nowhere dangling
  touch file
  run --separate-stderr -1 probe --json /dev/null fifo none/file dangling file/file file
  diff - <(echo "$stderr") <<'EOT'
dioshim: /dev/null: not a regular file, directory or block device
dioshim: fifo: not a regular file, directory or block device
dioshim: none/file: No such file or directory
dioshim: dangling: No such file or directory
dioshim: file/file: Not a directory
EOT
  echo "$output" | value_is path '"file"'
  run --separate-stderr -1 probe --json fifo
  [[ $(tr -d ' \n' <<<"$output") == '{"probe":[]}' ]]
  run --separate-stderr -1 probe fifo
  [[ -z $output ]]
}

@test "the table" {
  cd -- "$(test_path ext4-4096 || test_path tmpdir)"
  run -0 probe .
  [[ ${lines[0]} =~ ^PATH\ +FS\ +BLOCK\ +SECTOR\ +ADDRESS\ +OFFSET\ +READ\ +ATOMIC\ +MISALIGNED ]]
  ((${#lines[@]} == 2))
  [[ $PWD != */ext4-4096 || ${lines[1]} =~ ^\.\ +ext4\ +4096\ +4096.*\ 4096\ .*not\ tried ]]
}

@test "file names that need quoting in JSON" {
  local odd=$'a "b"\\\n\303\251' bad=$'\377'
  cd -- "$BATS_TEST_TMPDIR"
  touch -- "$odd" "$bad"
  [[ $(probe --json "$odd" | "$python" -c 'import json, sys
print(json.load(sys.stdin)["probe"][0]["path"])') == "$odd" ]]
  probe --json "$bad" | value_is path_escaped true
}

# strace puts FIELDS into the result of statx(2): this kernel and its devices may not have them.
faked() { # FIELDS
  timeout 20 strace -qq -o /dev/null -e trace=statx \
    -e "inject=statx:poke_exit=@arg5=$(oracle statx "$1")" \
    "$DIOSHIM_LAUNCHER" --probe "${@:2}" "$BATS_TEST_TMPDIR"
}

@test "atomic writes and alignments for reads" {
  need strace
  strace -qq -o /dev/null -e inject=statx:poke_exit=@arg5=00 true ||
    skip "this strace has no poke_exit"
  local fields=mode=0o100644,mask=0x337ff,blksize=4096,mem_align=4,offset_align=4096
  fields+=,read_offset_align=512,atomic_min=512,atomic_max=65536,atomic_segments=1
  faked "$fields" --json >"$BATS_TEST_TMPDIR/json"
  where=faked
  value_is mem_align 4 <"$BATS_TEST_TMPDIR/json"
  value_is offset_align 4096 <"$BATS_TEST_TMPDIR/json"
  value_is read_offset_align 512 <"$BATS_TEST_TMPDIR/json"
  value_is atomic_min 512 <"$BATS_TEST_TMPDIR/json"
  value_is atomic_max 65536 <"$BATS_TEST_TMPDIR/json"
  value_is atomic_segments 1 <"$BATS_TEST_TMPDIR/json"
  faked "$fields" | grep -E ' 4 +4096 +512 +512-65536/1 '
  # Without a bit in the mask, a field is unknown whatever it holds.
  faked "${fields/0x337ff/0x7ff}" --json >"$BATS_TEST_TMPDIR/json"
  value_is mem_align null <"$BATS_TEST_TMPDIR/json"
  value_is read_offset_align null <"$BATS_TEST_TMPDIR/json"
  value_is atomic_max null <"$BATS_TEST_TMPDIR/json"
  faked mode=0o100644,mask=0x27ff --json | value_is note '"the kernel reports no support for direct I/O"'
}
