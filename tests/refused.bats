#!/usr/bin/env bats
# DIOSHIM_REFUSED=buffered and --refused: file systems that refuse O_DIRECT at open, at F_SETFL, or at every call.
# tests/refused.c, and the tests of other files where nothing but the answers matters.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scene: mounts.bash; status, output, stderr, lines: bats

load mounts

setup() {
  bats_require_minimum_version 1.5.0
  need_mounts
  unset DIOSHIM_REFUSED
  refused=$DIOSHIM_TEST_BIN/refused
}

teardown() {
  unmount_all
}

# The kernel has no more direct I/O here than on procfs, and keeps everything in memory.
on_ramfs() {
  mount_at -t ramfs dioshim-test
}

# overlayfs refuses O_DIRECT at open, accepts it by F_SETFL, and then refuses every call.
on_overlay() {
  need_filesystem overlay
  on_ramfs
  local upper=$scene
  mkdir "$upper/upper" "$upper/work" "$BATS_TEST_TMPDIR/lower"
  mount_at -t overlay -o "lowerdir=$BATS_TEST_TMPDIR/lower,upperdir=$upper/upper,workdir=$upper/work" none
}

# A server that opens files with O_DIRECT and then refuses direct requests that are no multiples of ALIGN.
on_server() { # ALIGN
  mkdir "$BATS_TEST_TMPDIR/backing"
  mount_faulty "$BATS_TEST_TMPDIR/backing" --align "$1"
}

never=1073741824 # bytes: no request is aligned to that, so a server refuses all

buffered() { # COMMAND [ARG...]
  DIOSHIM_REFUSED=buffered DIOSHIM_TEST_DIR=$scene DIOSHIM_TEST_CACHED=1 shim "$@"
}

image() { # squashfs | erofs
  need_filesystem "$1"
  mkdir "$BATS_TEST_TMPDIR/tree"
  pattern 4000001 >"$BATS_TEST_TMPDIR/tree/file"
  case $1 in
    squashfs)
      need mksquashfs squashfs-tools
      mksquashfs "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image" -quiet
      ;;
    erofs)
      need mkfs.erofs erofs-utils
      mkfs.erofs -zlz4 "$BATS_TEST_TMPDIR/image" "$BATS_TEST_TMPDIR/tree" || skip "mkfs.erofs has no LZ4"
      ;;
  esac
  mount_at -o loop "$BATS_TEST_TMPDIR/image"
}

# Opens, numbers

@test "opens: no file is made twice, none is lost, and other errors stay" {
  on_ramfs
  buffered "$refused" opens
  run ! env DIOSHIM_TEST_DIR="$scene" LD_PRELOAD="$DIOSHIM_LIB" "$refused" opens
}

@test "opens on overlayfs, whose upper file system refuses O_DIRECT" {
  on_overlay
  buffered "$refused" opens
}

@test "numbers: O_DIRECT is shown until they end, also of duplicates and in children" {
  on_ramfs
  buffered "$refused" numbers
}

@test "numbers on overlayfs" {
  on_overlay
  buffered "$refused" numbers
}

# Calls

@test "a server that refuses every direct call is found out, whatever the first call is" {
  on_server "$never"
  buffered "$refused" calls-refused
}

@test "a server that refuses misaligned calls only is not taken for one that refuses all" {
  on_server 512
  buffered "$refused" calls-taken
}

@test "the same with a large alignment" {
  on_server 32768
  buffered "$refused" calls-taken
}

differs_in_nothing() { # CALLS
  buffered "$DIOSHIM_TEST_BIN/differential" --refused --calls "$1" --seconds 4 --seed 3 \
    --direct "$scene/direct" --ordinary "$scene/ordinary"
}

@test "P1: calls have the same results as on an ordinary file on ramfs" {
  on_ramfs
  differs_in_nothing 800
}

@test "P1: the same on overlayfs, where F_SETFL succeeds" {
  on_overlay
  differs_in_nothing 800
}

@test "P1: the same with a server that refuses every direct call" {
  on_server "$never"
  differs_in_nothing 200
}

same_reads() { # FILE
  buffered "$DIOSHIM_TEST_BIN/filesystems" compare "$1" "$1"
  run ! shim "$DIOSHIM_TEST_BIN/filesystems" compare "$1" "$1"
}

# Without DONTNEED all pages of the file remain; some of those that were read ahead may.
few_pages_remain() { # FILE
  local cached
  run buffered "$refused" cached "$1"
  ((status != 77)) || skip "what is in the page cache cannot be seen here"
  echo "$output"
  cached=${output%% *}
  ((status == 0 && cached <= 300)) || fail "$output pages are in the page cache"
}

@test "squashfs: reads are those of an ordinary descriptor, and leave few pages in the cache" {
  image squashfs
  same_reads "$scene/file"
  few_pages_remain "$scene/file"
}

@test "erofs with compression: the same" {
  image erofs
  same_reads "$scene/file"
  few_pages_remain "$scene/file"
}

@test "overlayfs over squashfs: reads are those of an ordinary descriptor" {
  image squashfs
  local lower=$scene
  need_filesystem overlay
  mkdir "$BATS_TEST_TMPDIR/lower"
  mount_at -t overlay -o "lowerdir=$lower:$BATS_TEST_TMPDIR/lower" none
  same_reads "$scene/file"
}

@test "hugetlbfs: a file can be opened, mapped and read" {
  need_filesystem hugetlbfs
  mount_at -t hugetlbfs none
  run buffered "$(python3_binary)" -c '
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_DIRECT)
os.ftruncate(fd, 1 << 21)
assert fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT
assert os.pread(fd, 1000, 5) == bytes(1000)
try:
    os.pwrite(fd, b"x", 0)  # hugetlbfs has no write(2) at all
except OSError as e:
    print(e.errno)' "$scene/file"
  echo "$output"
  [[ $status -eq 0 && $output == 22 ]]
}

# Ways beside read and write

@test "streams answer as on an ordinary descriptor" {
  on_ramfs
  local stdio=$DIOSHIM_TEST_BIN/stdio
  [[ $("$stdio" sealed) == r* ]] || skip "the C library exports no tables of stdio"
  diff <("$stdio" scene all ordinary "$scene/ordinary") <(buffered "$stdio" scene all direct "$scene/direct")
}

@test "Linux AIO answers as on an ordinary descriptor" {
  on_ramfs
  for part in random refusals appends; do
    mkdir "$scene/$part"
    buffered "$DIOSHIM_TEST_BIN/aio" "$part" "$scene/$part/direct" "$scene/$part/ordinary"
  done
}

@test "POSIX AIO answers as on an ordinary descriptor" {
  on_ramfs
  run buffered env CMOCKA_MESSAGE_OUTPUT=TAP "$DIOSHIM_TEST_BIN/posix_aio"
  echo "$output"
  # The last one opens a file past the shim.
  [[ $output == *"ok 6 - "* && $(grep '^not ok' <<<"$output") == "not ok 7 - unseen_descriptors_work" ]]
}

# Prints the transfers on $scene/file, and what follows each.
settled() {
  strace -qq -o "$BATS_TEST_TMPDIR/trace" -E LD_PRELOAD="$DIOSHIM_LIB" -E DIOSHIM_REFUSED=buffered \
    -e trace=read,write,pread64,pwrite64,sync_file_range,fadvise64 \
    "$(python3_binary)" -c '
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
os.pread(fd, 4096, 0)  # is refused, and found out
os.write(2, b"begin")
os.write(fd, bytes(1000))
os.pwrite(fd, bytes(1000), 5000)
os.pread(fd, 1000, 5000)
os.read(fd, 100)
os.write(2, b"end")' "$scene/file"
  sed -n '/"begin"/,/"end"/p' "$BATS_TEST_TMPDIR/trace" | grep -v '^write(2' |
    sed 's/(\([0-9]*\), \("[^"]*"\.*, \)\?/ /; s/).*//'
}

@test "P3: what was written is brought to the device, and pages are dropped, after each call" {
  need strace
  on_server "$never"
  pattern 100000 >"$scene/file"
  run --separate-stderr settled
  echo "$output"
  [[ ${lines[0]} == write* && ${lines[1]} == "sync_file_range 0, 0, "*WAIT_AFTER && ${lines[2]} == "fadvise64 0, 4096, POSIX_FADV_DONTNEED" ]]
  [[ ${lines[3]} == pwrite64* && ${lines[4]} == "sync_file_range 5000, 1000, "*WAIT_AFTER && ${lines[5]} == "fadvise64 0, 8192, "*DONTNEED ]]
  [[ ${lines[6]} == pread64* && ${lines[7]} == "fadvise64 0, 8192, "*DONTNEED ]]
  [[ ${lines[8]} == read* && ${lines[9]} == "fadvise64 0, 4096, "*DONTNEED && ${#lines[@]} == 10 ]]
}

# Nothing is tried again after an error, and nothing changes without the variable.
opened_by() { # FILE FLAGS
  strace -qq -o "$BATS_TEST_TMPDIR/opens" -e trace=open,openat -E LD_PRELOAD="$DIOSHIM_LIB" \
    -E DIOSHIM_REFUSED="$refuse" "$DIOSHIM_TEST_BIN/callone" "$1" "$2" read,0,1 >/dev/null 2>&1 || :
  grep -cF "\"$1\"" "$BATS_TEST_TMPDIR/opens"
}

@test "opens are made once if they succeed, fail for another reason, or nothing is asked for" {
  need strace
  on_ramfs
  local refuse=buffered
  [[ $(opened_by "$scene/missing" rdwr,direct) == 1 ]]
  [[ $(opened_by "$scene/new" rdwr,creat,direct) == 1 ]]
  [[ $(opened_by "$scene/new" rdwr,direct) == 3 ]]
  [[ $(opened_by "$scene/new" rdwr) == 1 ]]
  refuse=fail
  [[ $(opened_by "$scene/new" rdwr,direct) == 1 ]]
  [[ $(opened_by "$scene/new" rdwr,creat,direct) == 1 ]]
  refuse=
  [[ $(opened_by "$scene/new" rdwr,direct) == 1 ]]
}

# The variable, the option, and what is said at the end

@test "a bad value: one line and status 2 by the launcher, one line and the default by the shim" {
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused=bufferd true
  [[ $status -eq 2 && -z $output && $stderr == "dioshim: --refused=bufferd: not one of fail, buffered" ]]
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused= true
  [[ $status -eq 2 && $stderr == "dioshim: --refused=: not one of fail, buffered" ]]
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused
  [[ $status -eq 2 && $stderr == "dioshim: --refused: requires a WORD, one of fail, buffered" ]]
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused=buffered --check true
  [[ $status -eq 2 && $stderr == "dioshim: --refused: cannot be used with --check, "* ]]
  on_ramfs
  : >"$scene/file"
  run --separate-stderr env DIOSHIM_REFUSED=Buffered LD_PRELOAD="$DIOSHIM_LIB" dd if="$scene/file" iflag=direct of=/dev/null
  [[ $status -eq 1 && ${stderr%%$'\n'*} == "dioshim: DIOSHIM_REFUSED=Buffered: not one of fail, buffered; using fail" &&
    $stderr == *"Invalid argument" && $(grep -c DIOSHIM_REFUSED <<<"$stderr") == 1 ]]
  for word in '' fail; do
    run --separate-stderr env DIOSHIM_REFUSED="$word" LD_PRELOAD="$DIOSHIM_LIB" dd if="$scene/file" iflag=direct of=/dev/null
    [[ $status -eq 1 && $stderr == "dd: "*"Invalid argument" ]]
  done
}

copy() { # OPTION...
  run --separate-stderr "$DIOSHIM_LAUNCHER" "$@" \
    dd if="$scene/in" of="$scene/out" iflag=direct oflag=direct bs=1000 status=none
  [[ $status -eq 0 ]] || fail "status $status: $stderr"
  cmp "$scene/in" "$scene/out"
}

@test "one line at the end names the files, and only with --refused=buffered, and not with --quiet" {
  on_ramfs
  pattern 5001 >"$scene/in"
  copy --refused=buffered
  [[ $stderr == "dioshim: the file system refused direct I/O on $scene/"*" and $scene/"*": they were buffered instead" ]]
  [[ $stderr == *"$scene/in"* && $stderr == *"$scene/out"* && $stderr != *$'\n'* ]]
  : >"$scene/größe"
  run --separate-stderr env LC_ALL=C.UTF-8 "$DIOSHIM_LAUNCHER" --refused=buffered dd if="$scene/größe" iflag=direct status=none
  [[ $status -eq 0 && $stderr == *" on $scene/größe: it was buffered instead" ]] || fail "$stderr"
  copy -f buffered --quiet
  [[ -z $stderr ]]
  DIOSHIM_REFUSED=buffered copy -q
  [[ -z $stderr ]]
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused=buffered dd if="$scene/in" iflag=direct of=/dev/null status=none
  [[ $status -eq 0 && $stderr == "dioshim: the file system refused direct I/O on $scene/in: it was buffered instead" ]]
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused=buffered sh -c 'echo to stdout; exit 7'
  [[ $status -eq 7 && -z $stderr && $output == "to stdout" ]]
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused=buffered sh -c 'sleep 0.4 >/dev/null 2>&1 & sleep 0.1; exit 7' 3>&-
  [[ $status -eq 7 && -z $stderr && -z $output ]] || fail "status $status: $stderr"
  run --separate-stderr env DIOSHIM_REFUSED=buffered "$DIOSHIM_LAUNCHER" --refused=fail \
    dd if="$scene/in" iflag=direct of=/dev/null status=none
  [[ $status -eq 1 && $stderr == *"Invalid argument" ]]
}

@test "many files: 20 names, and how many more" {
  on_ramfs
  mkdir "$scene/many"
  touch "$scene"/many/{001..100}
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused=buffered "$(python3_binary)" -c '
import os, sys
for name in os.listdir(sys.argv[1]):
    os.open(sys.argv[1] + "/" + name, os.O_RDONLY | os.O_DIRECT)' "$scene/many"
  [[ $status -eq 0 && $stderr == *" and 80 more files: they were buffered instead" && $stderr != *$'\n'* ]]
  [[ $(grep -o "$scene/many/" <<<"$stderr" | wc -l) == 20 ]]
}

@test "--stats, --trace and --report name the files" {
  on_ramfs
  pattern 5001 >"$scene/in"
  copy --refused=buffered --stats
  grep -q "^The file system refused direct I/O on $scene/.* and $scene/.*: they were buffered instead\.$" <<<"$stderr"
  run ! grep '^dioshim:' <<<"$stderr"
  # Reads, and the end of the file; dd writes the last part without O_DIRECT.
  grep -q "^$scene/in  *read  *7  *0  *0  *7  *0  *0  *4.9K  *0  *4.9K " <<<"$stderr"
  copy --refused=buffered --stats --json
  python3 -c 'import json, sys; assert len([f for f in json.load(sys.stdin)["files"] if f["refused"] == 1]) == 2' <<<"$stderr"
  copy --refused=buffered --trace
  grep -q " openat([0-9]*<$scene/in>, O_DIRECT) = [0-9]* # refused with EINVAL, O_DIRECT given up; [0-9.]* s$" <<<"$stderr"
  copy --refused=buffered --trace --json
  grep '"O_DIRECT given up"' <<<"$stderr" | python3 -c '
import json, sys
call = json.loads(next(sys.stdin))
assert call["call"] == "openat" and call["refusal"] == "EINVAL" and call["alignment"] == "unknown", call
assert not {"address", "length", "flags"} & set(call), call'
  # A trace has no counts, but the files are known.
  DIOSHIM_REFUSED=buffered DIOSHIM_TRACE=$BATS_TEST_TMPDIR/calls shim \
    dd if="$scene/in" iflag=direct of=/dev/null bs=1000 status=none
  run "$DIOSHIM_LAUNCHER" --report="$BATS_TEST_TMPDIR/calls"
  [[ $output == *"The file system refused direct I/O on $scene/in: it was buffered instead." && $output != *"No call"* ]]
  DIOSHIM_REFUSED=buffered DIOSHIM_STATS=$BATS_TEST_TMPDIR/record shim \
    dd if="$scene/in" iflag=direct of=/dev/null bs=1000 status=none
  run "$DIOSHIM_LAUNCHER" --report="$BATS_TEST_TMPDIR/record"
  [[ $output == *"The file system refused direct I/O on $scene/in: it was buffered instead." ]]
}

@test "--trace of a file whose calls are all refused" {
  on_server "$never"
  pattern 5001 >"$scene/in"
  run --separate-stderr "$DIOSHIM_LAUNCHER" --refused=buffered --trace \
    dd if="$scene/in" iflag=direct of=/dev/null bs=1000 status=none
  echo "$stderr"
  grep -q " read([0-9]*<$scene/in>, .*) = 1000 # .*refused with EINVAL, buffered 1000.*, O_DIRECT given up; " <<<"$stderr"
  [[ $(grep -c "given up" <<<"$stderr") == 1 ]]
}
