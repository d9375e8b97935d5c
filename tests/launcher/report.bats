#!/usr/bin/env bats
# The report, the trace and their JSON, from record files that recordmake generates.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell

load ../lib

setup() {
  rec=$BATS_TEST_TMPDIR/record
  export TZ=UTC
}

recordmake() {
  "$DIOSHIM_TEST_BIN/launcher/recordmake" "$@"
}

scene() { # NAME
  recordmake make "$1" "$rec"
}

# Runs a Python script in which `doc` is the JSON document of standard input.
json() { # SCRIPT
  python3 -c "import json, sys; doc = json.load(sys.stdin); $1"
}

@test "the table has a line for each file and direction, and a total" {
  scene mixed
  run -0 recordmake report "$rec"
  echo "$output"
  [[ ${lines[0]} =~ ^FILE\ +DIR\ +CALLS\ +UNTOUCHED\ +BOUNCED\ +PARTIAL\ +REFUSED\ +FAILED\ +BYTES\ +COPIED\ +BUFFERED\ +COPY\ TIME$ ]]
  [[ ${lines[1]} =~ ^/data/x\ +write\ +1,216\ +0\ +0\ +1,204\ +12\ +0\ +1.1M\ +0\ +576K\ +0\ s$ ]]
  [[ ${lines[2]} =~ ^/data/y\ +read\ +4,000\ +1,000\ +3,000\ +0\ +0\ +0\ +1012M\ +12M\ +0\ +0.8\ s$ ]]
  [[ ${lines[3]} =~ ^and\ 2\ more\ +3\ +3\ +0\ +0\ +0\ +0\ +2.9K\ +0\ +0\ +0\ s$ ]]
  [[ ${lines[4]} =~ ^total\ +5,219\ +1,003\ +3,000\ +1,204\ +12\ +0\ +1013M\ +12M\ +576K\ +0.8\ s$ ]]
  ((${#lines[@]} == 10))
}

@test "the verdict tells the cost and the remedy" {
  scene mixed
  run -0 recordmake report "$rec"
  echo "$output"
  [[ ${lines[5]} == "99% of 1013M moved directly to or from the program's buffers; 12M copied, 576K through the page cache." ]]
  [[ ${lines[6]} == "12 writes to /data/x still failed with EINVAL; --trace shows them." ]]
  [[ ${lines[7]} == "3,000 reads of /data/y used a misaligned buffer (12M copied, 0.8 s): align buffers to 512 bytes, for example with posix_memalign(3)." ]]
  [[ ${lines[8]} == "1,204 writes to /data/x ended 100 bytes after a block boundary: pad records to a multiple of 512 bytes." ]]
  [[ ${lines[9]} == "2 files, with 3 calls, are only in the total: a record file has room for 16,384 files." ]]
}

@test "of many files the most costly 20 have a line, and the same advice is given once" {
  scene many
  run -0 recordmake report "$rec"
  ((${#lines[@]} == 1 + 20 + 2 + 3)) || fail "${#lines[@]} lines"
  # The cost of file i is 1000 + 7919 i mod 10000; 7919 and 10000 have no common factor.
  diff <(for ((i = 0; i < 10000; i++)); do ((i * 7919 % 10000 < 9980)) || printf '%d %05d\n' $((i * 7919 % 10000)) "$i"; done |
    sort -rn | cut -d ' ' -f 2) <(printf '%s\n' "${lines[@]:1:20}" | sed 's/.*file-\([0-9]*\) .*/\1/')
  [[ ${lines[21]} =~ ^and\ 9,985\ more\ +19,967\ +7\ +19,960\ +0\ +0\ +0\ +78M\ +78M\ +0\ +59\.[0-9]\ ms$ ]] || fail "${lines[21]}"
  [[ ${lines[22]} =~ ^total\ +20,007\ +7\ +20,000\ +0\ +0\ +0\ +78M\ +78M\ +0\ +60\.0\ ms$ ]] || fail "${lines[22]}"
  [[ ${lines[24]} == "20,000 writes to /data/"*" and 9,999 other files used a misaligned buffer (78M copied, 60.0 ms): "* ]]
  recordmake json "$rec" | json '
assert len(doc["files"]) == 10000 and doc["lost_calls"] == 7
assert doc["other"]["files"] == 5 and doc["other"]["at_least"] is False
assert doc["other"]["read"]["calls"]["untouched"] == 7 and doc["other"]["read"]["bytes"]["all"] == 7000
assert doc["total"]["calls"]["all"] == sum(f[d]["calls"]["all"] for f in doc["files"] + [doc["other"]] for d in ("read", "write")) == 20007'
}

fits() { # COLUMNS
  run -0 env COLUMNS="$1" "$DIOSHIM_TEST_BIN/launcher/recordmake" report "$rec"
  echo "$output"
  # Calls of a trace have a line each, whatever its width.
  awk -v most="$1" '!/^[0-9]+:[0-9]+ / && length > most { print "too long: " $0; bad = 1 } END { exit bad }' <<<"$output"
}

@test "no line of the report is wider than the terminal; what is left out is zero, or COPY TIME" {
  local scene columns
  for scene in mixed many full names; do
    scene "$scene"
    for columns in 40 80 100 200; do
      fits "$columns"
    done
  done
  scene full
  fits 200
  [[ ${lines[1]} =~ ^/srv/database/table-space/segment.000001\ +write\ .*\ 1\.2\ s$ ]]
  # In 80 columns there is no room for a path beside so many numbers.
  fits 80
  [[ ${lines[0]} == /srv/database/table-space/segment.000001 ]]
  [[ "${lines[*]:1:3}" == "  write: 6,172,835 calls (1,234,567 untouched, 1,234,567 bounced, 1,234,567"*"partial, 1,234,567 refused, 1,234,567 failed), 12G; 123M copied in 1.2 s;"*"123M through the page cache" ]]
  scene many
  fits 80
  [[ ${lines[0]} =~ ^FILE\ +DIR\ +CALLS\ UNTOUCHED\ BOUNCED\ +BYTES\ COPIED\ COPY\ TIME$ ]]
  [[ ${lines[1]} =~ ^/data/a[^\ ]*\.\.\.[^\ ]*/file-[0-9]{5}\ write ]]
  scene mixed
  fits 80
  [[ ${lines[0]} =~ ^FILE\ +DIR\ +CALLS\ UNTOUCHED\ BOUNCED\ PARTIAL\ REFUSED\ BYTES\ COPIED\ BUFFERED$ ]] || fail "${lines[0]}"
}

@test "the report of a record without calls says that there were none" {
  scene nothing
  run -0 recordmake report "$rec"
  [[ $output == "No call on an O_DIRECT descriptor was seen: "* ]]
  ((${#lines[@]} == 1))
}

@test "files that were only refused take no lines from those with calls" {
  scene refused
  run -0 recordmake report "$rec"
  ((${#lines[@]} == 6)) && [[ ${lines[1]} == "/data/x read "* && ${lines[2]} == "total "* ]] || fail "$output"
  [[ ${lines[4]} == "The file system refused direct I/O on /refused, "*" and 10 more files: they were buffered instead." ]]
  [[ ${lines[5]} == "The program can also use io_uring, which the shim does not see: "* ]]
  recordmake json "$rec" | json 'assert doc["liburings"] == 1 and doc["other"]["refused"] == 0'
}

@test "JSON has every number" {
  scene mixed
  recordmake json "$rec" | json '
y, x = doc["files"]
assert y["path"] == "/data/y" and y["device"] == [8, 1] and y["inode"] == 11
assert y["mem_align"] == y["offset_align"] == 512 and y["block_device"] is False
assert y["read"]["calls"] == dict(untouched=1000, bounced=3000, partial=0, refused=0, failed=0, all=4000)
assert y["read"]["bytes"]["bounced"] == y["read"]["copied"] == 12 << 20
assert y["read"]["copy_ns"] == 800000000
assert y["read"]["misaligned"] == dict(address=3000, length=0, offset=0)
assert y["write"]["calls"]["all"] == 0
assert x["write"]["tails"] == [dict(bytes=100, calls=1204)]
assert x["write"]["other_tails"] == x["write"]["no_tail"] == 0
assert x["write"]["buffered"] == 590000
assert doc["total"]["calls"]["all"] == 5219 and "tails" not in doc["total"]
assert doc["lost_calls"] == 3 and len(doc["verdict"]) == 5
assert doc["other"]["files"] == 2 and doc["other"]["write"]["bytes"]["all"] == 3000
assert doc["processes_left"] is None and doc["record"] is None
assert "trace" not in doc'
}

@test "names of any bytes: no terminal control characters, and valid JSON" {
  scene names
  LC_ALL=C.UTF-8 recordmake report "$rec" >"$BATS_TEST_TMPDIR/text"
  cat "$BATS_TEST_TMPDIR/text"
  run -1 grep -aP '[\x00-\x09\x0b-\x1f\x7f]' "$BATS_TEST_TMPDIR/text"
  iconv -f UTF-8 -t UTF-8 "$BATS_TEST_TMPDIR/text" >/dev/null
  # Five calls, a heading, five files, the total, an empty line, the share, a sentence for each alignment.
  (($(wc -l <"$BATS_TEST_TMPDIR/text") == 5 + 7 + 1 + 1 + 2))
  grep -qF '/q"uo\\xe ' "$BATS_TEST_TMPDIR/text"
  grep -qF '/new\nline\033[2J ' "$BATS_TEST_TMPDIR/text"
  grep -qF '/\377\376 ' "$BATS_TEST_TMPDIR/text"
  grep -qF $'/\303\251\\ <b> ' "$BATS_TEST_TMPDIR/text"
  grep -qF $'</\303\251\\ \\074b\\076>' "$BATS_TEST_TMPDIR/text"
  grep -qF 'device 8:1 inode 5 ' "$BATS_TEST_TMPDIR/text"
  LC_ALL=C recordmake json "$rec" | json '
assert [f["path"] for f in doc["files"]] == ["/q\"uo\\xe", "/new\nline\033[2J", r"/\377\376", "/\xe9 <b>", ""]
assert [f["path_escaped"] for f in doc["files"]] == [False, False, True, False, False]
assert doc["files"][0]["offset_align"] is None
assert [c["path"] for c in doc["trace"]] == [f["path"] for f in doc["files"]]'
}

@test "a trace's lines and its JSON agree in every field" {
  need python3
  scene calls
  run -0 recordmake report "$rec"
  ((${#lines[@]} == 1000)) # nothing was counted: no table
  recordmake json "$rec" >"$BATS_TEST_TMPDIR/json"
  printf '%s\n' "${lines[@]}" |
    python3 "$DIOSHIM_TOP_SRCDIR/tests/launcher/tracelines.py" "$BATS_TEST_TMPDIR/json"
}

@test "calls made while a trace is printed: each is printed whole, in order, or counted as lost" {
  need python3
  local pause
  for pause in 0 300; do
    recordmake race 60000 "$pause" | python3 -c '
import json, sys
lost, seen, last = 0, 0, {}
for line in sys.stdin:
    call = json.loads(line)
    if "lost" in call:
        lost += call["lost"]
        continue
    n = call["fd"]
    assert {n} == {call[k] for k in ("time_ns", "length", "position", "result", "copied", "buffered", "duration_ns")}, line
    assert call["address"] == hex(n) and call["pid"] == call["tid"], line
    assert n > last.get(call["pid"], -1), line
    last[call["pid"]] = n
    seen += 1
print(f"{seen} seen, {lost} lost")
assert seen + lost == 180000 and lost >= 180 and seen > 60000'
  done
}

@test "each line of --stats=SECONDS counts since the one before" {
  scene mixed
  run -0 recordmake ticks "$rec"
  echo "$output"
  local rate='[0-9.]+[KM]/s'
  [[ ${lines[0]} =~ ^0\.[1-9]\ s:\ 1,205\ calls\ \(1,001\ untouched,\ 204\ bounced\),\ 4\.7M\ \(3\.9M\ untouched,\ 816K\ bounced\),\ $rate\;\ 83%\ moved\ directly,\ 816K\ copied,\ 0\ bytes\ through\ the\ page\ cache$ ]]
  [[ ${lines[1]} =~ ^0\.[1-9]\ s:\ 0\ calls,\ 0\ bytes,\ 0\ bytes/s$ ]]
  recordmake json-ticks "$rec" | head -n 1 | json '
assert doc["calls"]["all"] == 1205 and doc["bytes"]["bounced"] == 835584 and doc["buffered"] == 0
assert 10**8 <= doc["interval_ns"] <= doc["elapsed_ns"] < 10**10'
  scene mixed
  COLUMNS=80 recordmake ticks "$rec" | awk 'length > 80 { exit 1 } END { exit NR != 4 }'
}

@test "only its owner can read a new record file, which is valid before any process writes to it" {
  umask 0
  run -0 recordmake made
  [[ ${lines[0]} == //*" 600" && ${lines[1]} == "No call on an O_DIRECT"* ]] || fail "$output"
  # In a temporary directory where no descriptor can be opened by a path in /proc.
  need strace
  run -0 strace -f -qq -o "$BATS_TEST_TMPDIR/strace.log" -e trace=memfd_create -e inject=memfd_create:error=EMFILE \
    "$DIOSHIM_TEST_BIN/launcher/recordmake" made
  [[ ${lines[0]} == "/${TMPDIR:-/tmp}/dioshim."*" 600" && ${lines[1]} == "No call on an O_DIRECT"* ]] || fail "$output"
}

refused() { # WHY
  run -125 timeout 5 "$DIOSHIM_TEST_BIN/launcher/recordmake" report "$rec"
  [[ $output == "dioshim: $rec: $1"* ]]
  ((${#lines[@]} == 1))
}

@test "a file that is not a record file is refused with one line" {
  refused "No such file or directory"
  : >"$rec"
  refused "not a record file"
  head -c 40000000 /dev/zero >"$rec"
  refused "not a record file"
  rm "$rec"
  mkfifo "$rec"
  refused "not a record file"
  rm "$rec"
  mkdir "$rec"
  refused "not a record file"
  rmdir "$rec"
  scene mixed
  truncate -s -1 "$rec"
  refused "truncated record file"
  scene mixed
  printf '\1' | dd of="$rec" bs=1 seek=8 conv=notrunc status=none
  refused "record file of another version of dioshim"
}
