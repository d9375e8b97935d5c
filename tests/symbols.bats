#!/usr/bin/env bats
# The built object and the tests' own lists, compared with the tables in common/symbols.h and
# common/transfers.h; and the table of symbols, compared with the C library's own list.

load lib

setup_file() {
  need nm binutils
  need readelf binutils
}

imports() {
  nm -D --undefined-only --format=posix "$DIOSHIM_LIB" | sed 's/[@ ].*//' | sort
}

@test "the object exports exactly the table, without versions" {
  [[ $(table_symbols | wc -l) -gt 30 ]]
  diff <(table_symbols | sort) <(nm -D --defined-only --with-symbol-versions --format=posix "$DIOSHIM_LIB" |
    cut -d' ' -f1 | sort)
}

@test "no symbol is in the table twice" {
  [[ -z $(table_symbols | sort | uniq -d) ]]
}

# The names that the C library exports to programs for these calls, with the double-underscore
# aliases, LFS64 twins and FORTIFY forms.
families='(__)?(open|openat|creat|read|pread|readv|preadv|write|pwrite|writev|pwritev|fcntl|dup|close|close_range|sendfile|splice|copy_file_range|aio_read|aio_write|lio_listio|v?dprintf)'
families+='(2|3|v2|64v2|64)?(_2|_chk)?'

c_library() {
  ldd "$DIOSHIM_LIB" | awk '$1 ~ /^libc\.so/ { print $3 }'
}

# A later C library may have names that nobody has looked at yet.
newest_known='glibc 2.43'

@test "every public name of these calls in the installed C library is in the table" {
  local libc public new installed
  libc=$(c_library)
  installed=$(getconf GNU_LIBC_VERSION)
  public=$(nm -D --defined-only --with-symbol-versions --format=posix "$libc" |
    awk '$1 !~ /@GLIBC_PRIVATE/ && $2 ~ /[TWi]/ { sub(/@.*/, "", $1); print $1 }' |
    grep -E -x "$families" | sort -u)
  [[ $public == *preadv64v2* && $public == *__open64_2* && $public == *dup3* && $public == *__vdprintf_chk* ]]
  new=$(comm -23 <(echo "$public") <(table_symbols | sort))
  [[ -z $new || $(printf '%s\n' "$installed" "$newest_known" | sort -V | tail -n 1) == "$newest_known" ]] ||
    skip "$installed has new names: ${new//$'\n'/ }"
  diff <(printf %s "$new") /dev/null
}

# A library that needs a later version ends every program of a container whose C library is older.
@test "the object can be loaded with C libraries that are much older than the one it was built with" {
  case $(uname -m) in
    x86_64 | aarch64 | ppc64le) needs_nothing_newer "$DIOSHIM_LIB" 2.17 ;;
    *) needs_nothing_newer "$DIOSHIM_LIB" 2.27 ;;
  esac
}

# The libraries preloaded come before and after the one that looks names up.
@test "the next definition of every name of the C library is the one that dlsym finds" {
  local names=$BATS_TEST_TMPDIR/names library=$DIOSHIM_TEST_BIN/.libs/next_library.so list
  readelf --dyn-syms --wide "$(c_library)" |
    awk '$4 ~ /^(FUNC|IFUNC|OBJECT)$/ && $7 != "UND" { sub(/@.*/, "", $8); print $8 }' | sort -u >"$names"
  echo no_such_name >>"$names"
  for list in "$library" "$DIOSHIM_LIB:$library" "$library:$DIOSHIM_LIB"; do
    run env NEXT_NAMES="$names" LD_PRELOAD="$list" /bin/true
    echo "$output"
    [[ $output =~ ^[0-9]+\ names,\ ([0-9]+)\ defined,\ 0\ found\ elsewhere$ ]]
    ((BASH_REMATCH[1] > 2000))
  done
}

# Lists that are not made from the tables of common/: a row more there must lead to one more here.

@test "the list of transfers in tests/seccomp_lists.h is the table in common/transfers.h" {
  diff <(table_transfers | sort) <(
    sed -n '/^static const int transfers\[\]/,/};/p' "$BATS_TEST_DIRNAME/seccomp_lists.h" |
      grep -o 'SYS_[a-z0-9_]*' | sed 's/^SYS_//' | sort)
}

# The words of a file that may be names of transfers, as the C library calls them.
words_of() { # FILE
  grep -owE '(SYS_)?[a-z][a-z0-9_]*' "$1" | sed 's/^SYS_//' | as_functions | sort -u
}

names_all() { # FILE [TAKES]
  diff <(comm -23 <(table_transfers "${@:2}" | as_functions | sort) <(words_of "$BATS_TEST_DIRNAME/$1")) \
    /dev/null || fail "tests/$1 leaves these out"
}

@test "the test programs that have their own list of transfers leave none out" {
  local file
  [[ $(table_transfers | wc -l) -ge 10 ]]
  for file in badinput_scene.c differential_calls.c differential_report.c fuzz/calls_fuzz.c \
    interleave_syscall.c launcher/recordmake_scene.c; do
    names_all "$file"
  done
  names_all launcher/tracelines.py OFFSET
}

@test "the object needs no library but the C library" {
  diff <(readelf --dynamic --wide "$DIOSHIM_LIB" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -v -E '^(libc\.so\.[0-9]+|ld-linux.*)$') /dev/null
}

@test "the object is bound at load time, read-only after relocation, and never unloaded" {
  local dynamic segments
  dynamic=$(readelf --dynamic --wide "$DIOSHIM_LIB")
  segments=$(readelf --program-headers --wide "$DIOSHIM_LIB")
  grep -q 'BIND_NOW\|(FLAGS_1).*NOW' <<<"$dynamic"
  grep -q '(FLAGS_1).*NODELETE' <<<"$dynamic"
  grep -q GNU_RELRO <<<"$segments"
  run -1 grep TEXTREL <<<"$dynamic"
  grep -q 'GNU_STACK.* RW ' <<<"$segments"
}

@test "the object's name has no version: it is loaded by path, never linked against" {
  run -1 grep "SONAME.*[.]so[.]" < <(readelf --dynamic --wide "$DIOSHIM_LIB")
}

@test "the object's thread-local storage, if any, is initial-exec and small" {
  local size
  run -1 grep -x __tls_get_addr < <(imports)
  size=$(readelf --program-headers --wide "$DIOSHIM_LIB" | awk '$1 == "TLS" { print $6 }')
  ((${size:-0} <= 64))
}

# Nothing on the I/O path may allocate memory, buffer output or take a lock of the C library.
@test "the object imports no allocator, no stdio, no lock, no thread, no signal handler" {
  local banned='malloc|calloc|realloc|free|posix_memalign|aligned_alloc|memalign'
  banned+='|[a-z]*printf|__[a-z]*printf_chk|fopen(64)?|fwrite|fputs|puts|std(in|out|err)'
  banned+='|pthread_(mutex|rwlock|cond|spin)_.*|pthread_create|clone|sigaction|signal'
  [[ -n $(imports) ]]
  # dprintf() formats its text, before any I/O, as the C library's own does.
  run -1 grep -E -x "$banned" < <(imports | grep -v -E -x '(vsnprintf|__vsnprintf_chk)')
}
