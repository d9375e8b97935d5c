#!/usr/bin/env bats
# The built object, held against the table in common/symbols.h and against the C library's own list.

load lib

setup_file() {
  need nm binutils
  need readelf binutils
}

setup() {
  table=$DIOSHIM_TOP_SRCDIR/common/symbols.h
}

table_symbols() {
  sed -n 's/^[[:space:]]*X(\([^,]*\),.*/\1/p' "$table" | sort
}

imports() {
  nm -D --undefined-only --format=posix "$DIOSHIM_LIB" | sed 's/[@ ].*//' | sort
}

@test "the object exports exactly the table, without versions" {
  [[ $(table_symbols | wc -l) -gt 30 ]]
  diff <(table_symbols) <(nm -D --defined-only --with-symbol-versions --format=posix "$DIOSHIM_LIB" |
    cut -d' ' -f1 | sort)
}

@test "no symbol stands in the table twice" {
  [[ -z $(table_symbols | uniq -d) ]]
}

# Everything that the C library exports for programs under the names of these families, with its
# double-underscore aliases, LFS64 twins and FORTIFY forms.
families='(__)?(open|openat|creat|read|pread|readv|preadv|write|pwrite|writev|pwritev|fcntl|dup|close|close_range)'
families+='(2|3|v2|64v2|64)?(_2|_chk)?'

@test "every public name of these calls in the installed C library is in the table" {
  local libc public
  libc=$(ldd "$DIOSHIM_LIB" | awk '$1 ~ /^libc\.so/ { print $3 }')
  public=$(nm -D --defined-only --with-symbol-versions --format=posix "$libc" |
    awk '$1 !~ /@GLIBC_PRIVATE/ && $2 ~ /[TWi]/ { sub(/@.*/, "", $1); print $1 }' |
    grep -E -x "$families" | sort -u)
  [[ $public == *preadv64v2* && $public == *__open64_2* && $public == *dup3* ]]
  diff <(comm -23 <(echo "$public") <(table_symbols)) /dev/null
}

@test "it needs nothing but the C library" {
  diff <(readelf --dynamic --wide "$DIOSHIM_LIB" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -v -E '^(libc\.so\.[0-9]+|ld-linux.*)$') /dev/null
}

@test "it is bound at once, read-only after relocation, and never unloaded" {
  local dynamic segments
  dynamic=$(readelf --dynamic --wide "$DIOSHIM_LIB")
  segments=$(readelf --program-headers --wide "$DIOSHIM_LIB")
  grep -q 'BIND_NOW\|(FLAGS_1).*NOW' <<<"$dynamic"
  grep -q '(FLAGS_1).*NODELETE' <<<"$dynamic"
  grep -q GNU_RELRO <<<"$segments"
  run -1 grep TEXTREL <<<"$dynamic"
  grep -q 'GNU_STACK.* RW ' <<<"$segments"
}

@test "its name carries no version: it is loaded by path, never linked against" {
  run -1 grep "SONAME.*[.]so[.]" < <(readelf --dynamic --wide "$DIOSHIM_LIB")
}

@test "its thread-local storage, if any, is initial-exec and small" {
  local size
  run -1 grep -x __tls_get_addr < <(imports)
  size=$(readelf --program-headers --wide "$DIOSHIM_LIB" | awk '$1 == "TLS" { print $6 }')
  ((${size:-0} <= 64))
}

# What allocates, buffers or may take a lock has no business on the I/O path.
@test "it imports no allocator, no stdio, no lock, no thread, no signal handler" {
  local banned='malloc|calloc|realloc|free|posix_memalign|aligned_alloc|memalign'
  banned+='|[a-z]*printf|__[a-z]*printf_chk|fopen(64)?|fwrite|fputs|puts|std(in|out|err)'
  banned+='|pthread_(mutex|rwlock|cond|spin)_.*|pthread_create|clone|sigaction|signal'
  [[ -n $(imports) ]]
  run -1 grep -E -x "$banned" < <(imports)
}
