#!/usr/bin/env bats
# What the builder chooses must not change the library: flags, the compiler, the directory.
#
#   DIOSHIM_BUILDS=all   builds all of the library and the launcher each time, not some objects

# shellcheck disable=SC2154 # status, output: run

load lib

# Objects that FORTIFY and _FILE_OFFSET_BITS would change.
public=(public_open public_read public_write public_fd)

setup() {
  need make
  # A path from the build directory, which another one is made from.
  build=$(cd -- "$DIOSHIM_TEST_BIN/.." && pwd)
}

# Makes a second build directory, configured as the first, without its list of dependencies: everything is new there.
second_build() { # DIR
  mkdir -p "$1/src"
  cp -p "$build/libtool" "$build/config.status" "$build/symbols.map" "$1"
  sed '/# am--include-marker$/d' "$build/Makefile" >"$1/Makefile"
}

# Runs make there, as if configure had run there.
make_in() { # DIR ARGUMENT...
  local sources
  sources=$(realpath --relative-to="$1" "$DIOSHIM_TOP_SRCDIR")
  make --no-print-directory -s -C "$1" srcdir="$sources" top_srcdir="$sources" VPATH="$sources" abs_builddir="$1" \
    abs_top_builddir="$1" AUTOMAKE=: AUTOCONF=: ACLOCAL=: "${@:2}" MAKEFLAGS=
}

objects() { # SOURCE...
  printf 'src/libdioshim_la-%s.lo\n' "$@"
}

# Prints the symbols that the objects define for others.
defined() { # DIR SOURCE...
  local dir=$1
  shift
  nm --defined-only --extern-only --format=posix "${@/#/$dir/src/.libs/libdioshim_la-}" | awk 'NF > 2 { print $1 }'
}

builds_with() { # COMPILER FLAG...
  local dir=$BATS_TEST_TMPDIR/build
  need "$1"
  second_build "$dir"
  if [[ ${DIOSHIM_BUILDS-} == all ]]; then
    make_in "$dir" CC="$1" CPPFLAGS="${*:2}" CFLAGS='-O2' libdioshim.exported
    return
  fi
  # shellcheck disable=SC2046 # one word for each object
  make_in "$dir" CC="$1" CPPFLAGS="${*:2}" CFLAGS='-O2' $(objects "${public[@]}")
  diff <(for group in OPEN TEMPORARY READ WRITE FD; do table_symbols $group; done | sort) \
    <(defined "$dir" "${public[@]/%/.o}" | grep -Ev '^(fd_|change_flags$|close_watched$)' | sort)
}

@test "the library has all its symbols if clang is told to FORTIFY" {
  [[ ${DIOSHIM_BUILDS-} == all ]] || skip 'only with DIOSHIM_BUILDS=all: it takes long'
  builds_with clang -D_FORTIFY_SOURCE=2
}

@test "the library has all its symbols if gcc is told to FORTIFY, and to use 64-bit offsets and times" {
  builds_with gcc -D_FORTIFY_SOURCE=3 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
}

@test "make fails if the library lacks a symbol, and says which" {
  local dir=$BATS_TEST_TMPDIR/build
  second_build "$dir"
  cp -p "$build/libdioshim.la" "$dir"
  ln -s "$build/.libs" "$dir/.libs"
  make_in "$dir" -o libdioshim.la -o symbols.map libdioshim.exported
  rm "$dir/libdioshim.exported"
  sed -i 's/^\topen;/&\n\tno_such_call;/' "$dir/symbols.map"
  run make_in "$dir" -o libdioshim.la -o symbols.map libdioshim.exported
  [[ $status -ne 0 && $output == *"libdioshim.so does not export no_such_call"* && $output != *'export open'* ]]
  [[ ! -e $dir/libdioshim.exported ]]
}

# The first directory is deeper, and its name is longer.
@test "two builds in different directories are the same, byte for byte" {
  local first=$BATS_TEST_TMPDIR/a-long-name/for/build second=$BATS_TEST_TMPDIR/b dir file files
  [[ $(sed -n 's/^MAP_CFLAGS = //p' "$build/Makefile") ]] || skip "the compiler has no -ffile-prefix-map"
  files=("${public[@]/#/src/.libs/libdioshim_la-}")
  files=("${files[@]/%/.o}")
  for dir in "$first" "$second"; do
    second_build "$dir"
    if [[ ${DIOSHIM_BUILDS-} == all ]]; then
      make_in "$dir" libdioshim.exported dioshim
      files=(.libs/libdioshim.so dioshim)
    else
      # shellcheck disable=SC2046 # one word for each object
      make_in "$dir" $(objects "${public[@]}")
    fi
  done
  for file in "${files[@]}"; do
    cmp "$first/$file" "$second/$file"
  done
}

# Formatting is where gcc -O3, which inlines more, finds text that might not fit.
@test "gcc -O3 has nothing to warn of in the launcher's text" {
  local file
  need gcc
  read -r -a libraries < <(pkg-config --cflags jansson)
  for file in "$DIOSHIM_TOP_SRCDIR"/launcher/print/*.c; do
    gcc -std=gnu11 -D_GNU_SOURCE -I"$DIOSHIM_TOP_SRCDIR/common" -I"$DIOSHIM_TOP_SRCDIR/launcher" "${libraries[@]}" \
      -O3 -Wall -Wextra -Wformat=2 -Werror -c -o /dev/null "$file"
  done
}

# The headers of glibc 2.31 (Debian 11) lack the names that sysnr.h defines.
@test "sources that name a system call of sysnr.h compile where the C library's headers do not have it" {
  local names source sources
  need gcc
  mapfile -t names < <(sed -n 's/^#ifndef \(SYS_.*\)/\1/p' "$DIOSHIM_TOP_SRCDIR/common/sysnr.h")
  ((${#names[@]} > 2))
  { echo '#include <sys/syscall.h>' && printf '#undef %s\n' "${names[@]}"; } >"$BATS_TEST_TMPDIR/old.h"
  cd "$DIOSHIM_TOP_SRCDIR"
  mapfile -t sources < <(grep -lE "$(IFS='|' && echo "${names[*]}")" src/*.c launcher/*/*.c tests/*.c)
  ((${#sources[@]} > 5))
  for source in "${sources[@]}"; do
    gcc -std=gnu11 -D_GNU_SOURCE -DDIOSHIM_SHIM -fsyntax-only -include "$BATS_TEST_TMPDIR/old.h" -I common -I src -I launcher \
      -I "$DIOSHIM_TEST_BIN/.." "$source"
  done
}
