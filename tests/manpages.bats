#!/usr/bin/env bats
# The manual pages are well-formed and agree with the sources, --help and README.md.

load lib

setup() {
  man=$DIOSHIM_TOP_SRCDIR/man
}

# Ignores what depends on the machine: manuals that are not installed or not indexed, and its clock.
lint() { # PAGE
  mandoc -T lint "$1" 2>&1 |
    grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' -e 'date in the future'
}

# Prints one section, in mdoc(7).
section() { # NAME PAGE
  awk -v name="$1" '/^\.Sh / { inside = $0 == ".Sh " name } inside' "$2"
}

# Prints the options that --help describes, one on each line, as "-s --stats"; page_options() prints
# those of the page.
help_options() {
  "$DIOSHIM_LAUNCHER" --help |
    sed -n 's/^  \(-[a-zA-Z]\), \(--[a-z-]*\).*/\1 \2/p' | sort
}

page_options() {
  sed -n 's/^\.It Fl \([a-zA-Z]\).* , Fl -\([a-z-]*\).*/-\1 --\2/p' "$man/dioshim.1" | sort
}

# Prints the variables that the sources read or set: those named in strings.
source_variables() {
  grep -hoE '"DIOSHIM_[A-Z_]+"' "$DIOSHIM_TOP_SRCDIR"/src/*.c "$DIOSHIM_TOP_SRCDIR"/launcher/*.c "$DIOSHIM_TOP_SRCDIR"/launcher/*/*.c |
    tr -d '"' | sort -u
}

@test "mandoc reports nothing" {
  need mandoc
  local page
  for page in dioshim.1 libdioshim.7; do
    run ! lint "$man/$page"
    [[ -z $output ]]
  done
}

@test "groff reports nothing" {
  need groff groff-base
  local page
  for page in dioshim.1 libdioshim.7; do
    [[ -z $(groff -ww -mandoc -Tutf8 -z "$man/$page" 2>&1) ]]
  done
}

@test "mandoc reports a fault" {
  need mandoc
  sed '/^\.El/d' "$man/dioshim.1" >"$BATS_TEST_TMPDIR/dioshim.1"
  run -0 lint "$BATS_TEST_TMPDIR/dioshim.1"
}

@test "dioshim(1) has the options of --help, and no others" {
  [[ $(help_options | wc -l) -ge 14 ]]
  diff <(help_options) <(page_options)
}

# The synopsis has the short names of the options.
@test "dioshim(1): the synopsis has every option" {
  local letters
  letters=$(section SYNOPSIS "$man/dioshim.1" | grep -oE '\bFl [a-zA-Z]+' | cut -d ' ' -f 2 |
    fold -w 1 | sort -u)
  diff <(help_options | cut -c 2 | sort -u) <(printf '%s\n' "$letters")
}

# What the C library exports and what the names suggest is about data of descriptors or streams, without the
# decorations of their other forms.
plain_names() {
  sed -E 's/^(__|_IO_)//; s/^isoc(99|23)_//; s/_chk$//; s/_unlocked$//; s/64(v2)?$/\1/'
}

moving_names() {
  nm -D --defined-only "$1" | awk '$2 ~ /[TWi]/ { print $3 }' | grep -v GLIBC_PRIVATE | sed 's/@.*//' |
    plain_names | sort -u |
    grep -E 'read|write|send|recv|splice|^tee$|copy_file|aio_|lio_|printf|scanf|get(w?c|w?char|w?s|w|line|delim)$|put(w?c|w?char|w?s|w)$|sync|fflush|fclose|seek|fallocate|truncate|fadvise'
}

# Text in memory, threads, directories, databases of users and hosts, RPC, and parts of stdio that programs have had
# no headers for since glibc 2.28.
other_names='thread|readdir(64)?_r|^obstack|^v?(s|sn|as|sw)(printf|scanf)$|^(sw|s|vs|vsw)(printf|scanf)$|printf_(fp|size|format|function|modifier|specifier|type)|printf_size_info|pr?ent$|sgent$|^(svc|clnt|xdr|rpc|res|key|pmap)_|^fts|dirent|^seekdir|^pidfd|^vsn|^vas|freadable|freading|^(file|wfile|str)_|^(do|wdo)_write|^seek(mark|off|pos|wmark)$|getline_info|sungetw?c|catgets|^getwd|^tc|^mremap|^re_'

@test "libdioshim(7), COVERAGE: every function of the C library that moves data is there" {
  local libc named missing
  libc=$(ldd "$DIOSHIM_TEST_BIN/callone" | awk '$1 == "libc.so.6" { print $3 }')
  [[ $libc ]] || skip "not the GNU C library"
  named=$({ section COVERAGE "$man/libdioshim.7"; section 'COVERED FUNCTIONS' "$man/libdioshim.7"; } |
    sed -n 's/^\.Fn \([^ ]*\).*/\1/p' | plain_names | sort -u)
  missing=$(comm -13 <(echo "$named") <(moving_names "$libc" | grep -Ev "$other_names"))
  # A newer C library may have more.
  if [[ $missing && $(printf '%s\n' 2.41 "$(ldd --version | sed -n '1s/.* //p')" | sort -V | tail -n 1) != 2.41 ]]; then
    skip "new in this C library: ${missing//$'\n'/ }"
  fi
  [[ -z $missing ]] || fail "not in the page: $missing"
}

@test "libdioshim(7) lists the symbols of common/symbols.h, and no others" {
  local listed
  listed=$(section 'COVERED FUNCTIONS' "$man/libdioshim.7" | sed -n 's/^\.Fn \([^ ]*\).*/\1/p')
  diff <(sed -n 's/^[[:space:]]*[A-Z0-9_]*(\(X, \)\{0,1\}\([a-z0-9_]*\), [a-z0-9_]*).*/\2/p' "$DIOSHIM_TOP_SRCDIR/common/symbols.h" | sort) \
    <(sort <<<"$listed")
}

# tests/seccomp.bats compares those of seccomp_lists.h with the sources.
added_calls() {
  sed -n '/^static const int [a-z_]*\[\]/,/};/p' "$DIOSHIM_TOP_SRCDIR/tests/seccomp_lists.h" |
    grep -o 'SYS_[a-z0-9_]*' | sed 's/^SYS_//' | sort -u
}

@test "libdioshim(7) lists the system calls of tests/seccomp_lists.h, and no others" {
  local listed
  listed=$(section 'SYSTEM CALLS' "$man/libdioshim.7" | sed -n 's/^\.It Cm //p' | tr -s ' ,' '\n' |
    sort -u)
  [[ $(added_calls | wc -l) -gt 30 ]]
  diff <(added_calls) - <<<"$listed"
}

# The first column also says when, or which request: `fcntl F_GETFL, statx (newfstatat if refused)`.
@test "so does doc/design.md" {
  local listed
  listed=$(sed -n '/^## System calls that the shim may add/,/^## Limits/s/^| \([^|]*\) |.*/\1/p' \
    "$DIOSHIM_TOP_SRCDIR/doc/design.md" | sed 's|/dev/[a-z]*||g' | grep -oE '\b[a-z][a-z0-9_]*\b' |
    grep -vxE 'call|if|refused|of|or|only|twice' | sort -u)
  diff <(added_calls) - <<<"$listed"
}

@test "each variable of the sources is in both pages and in README.md" {
  local variable page
  [[ $(source_variables) == *DIOSHIM_BOUNCE_MAX* ]]
  for variable in $(source_variables); do
    for page in man/dioshim.1 man/libdioshim.7 README.md; do
      grep -qw "$variable" "$DIOSHIM_TOP_SRCDIR/$page" || fail "$variable is not in $page"
    done
  done
}

@test "the pages name no variable that is not in the sources" {
  local variable
  while read -r variable; do
    source_variables | grep -qx "$variable" || fail "$variable is in no source"
  done < <(grep -hoE '\bDIOSHIM_[A-Z_]+' "$man"/* "$DIOSHIM_TOP_SRCDIR/README.md" | sort -u)
}

@test "the words of --disable in --help are in both pages" {
  local word words
  words=$("$DIOSHIM_LAUNCHER" --help | sed -n '/--disable=/,/^  -e/p' |
    grep -oE '[a-z]+(, [a-z]+){2}; also [a-z]+' | tr -d ',;' | sed 's/ also / /')
  [[ $(wc -w <<<"$words") == 4 ]]
  for word in $words; do
    grep -q "^\.Cm.*\b$word\b" "$man/dioshim.1" || fail "$word is not in dioshim(1)"
    grep -qx "\.It Cm $word" "$man/libdioshim.7" || fail "$word is not in libdioshim(7)"
  done
}

# Prints the lines of the examples, as a reader would copy them.
examples() {
  section EXAMPLES "$man/dioshim.1" | awk '/^\.Bd -literal/ { inside = 1; next }
    /^\.Ed/ { inside = 0; print "" } inside' | sed 's/\\e$/\\/'
}

@test "the examples of dioshim(1) run" {
  need python3
  local bin=$BATS_TEST_TMPDIR/bin name=${DIOSHIM_LAUNCHER:?}
  mkdir "$bin"
  ln -s "$name" "$bin/dioshim"
  [[ $(examples | grep -c dioshim) -ge 6 ]]
  # On a file system that refuses the misaligned calls of the examples, if there is one.
  cd "$(mktemp -d "$(test_path ext4-512 || echo "$BATS_TEST_TMPDIR")/XXXXXX")"
  dd if=/dev/zero of=probe oflag=direct bs=4096 count=1 status=none || skip "no O_DIRECT in $PWD"
  PATH=$bin:$PATH bash -e <(examples)
  [[ -s file && -e calls && -s record ]]
  # A file system that takes misaligned calls (tmpfs) leaves none to be changed and traced.
  dd if=/dev/zero of=probe oflag=direct bs=1000 count=1 status=none || [[ -s calls ]]
}
