# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016,SC2054 # compiler, out: set by the callers; a script for sh; options of the linker
# The library and the random calls, built for another machine or C library, without configure.

load lib

# Compiles all at once on the processors that there are. -O1: the compilers warn of more, and it is quick.
build() { # OUTPUT SOURCES-AND-FLAGS...
  local output=$1 source objects=()
  shift
  local dir=$output.d flags=() sources=()
  mkdir -p "$dir"
  for source; do
    case $source in
      *.c) sources+=("$source") ;;
      *) flags+=("$source") ;;
    esac
  done
  for source in "${sources[@]}"; do
    objects+=("$dir/${source##*/}.o")
  done
  printf '%s\n' "${sources[@]}" |
    xargs -P "$(nproc)" -I {} sh -c 'source=$1 dir=$2; shift 2; "$@" -c -o "$dir/${source##*/}.o" "$source"' \
      sh {} "$dir" "${compiler[@]}" -std=gnu11 -O1 -Wall -Wextra -Werror -D_GNU_SOURCE \
      -I "$DIOSHIM_TOP_SRCDIR/common" "${flags[@]}"
  "${compiler[@]}" "${link[@]}" -o "$output" "${objects[@]}"
}

# Needs $compiler, an array, and $out, a directory. Makes $out/libdioshim.so.
build_library() { # [FLAG...]
  local link=(-shared -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete "-Wl,--version-script=$out/symbols.map")
  printf '%s\n' '#include "symbols.h"' '#define ROW(symbol, kind) symbol;' \
    '{ global: DIOSHIM_SYMBOLS(ROW) local: *; };' |
    "${compiler[@]}" "$@" -E -P -I "$DIOSHIM_TOP_SRCDIR/common" - >"$out/symbols.map"
  build "$out/libdioshim.so" -DDIOSHIM_SHIM -include "$DIOSHIM_TOP_SRCDIR/src/first.h" -fPIC -fvisibility=hidden -fexceptions "$@" "$DIOSHIM_TOP_SRCDIR"/src/*.c
}

# Makes $out/differential.
build_differential() { # [FLAG...]
  local link=()
  build "$out/differential" "$@" "$DIOSHIM_TOP_SRCDIR"/tests/differential*.c
}

# The names that the library exports.
exports() {
  nm -D --defined-only --format=posix "$out/libdioshim.so" | cut -d' ' -f1 | sort
}

# No name of another library than the C library's.
imports_nothing_foreign() {
  run ! grep -E '__atomic_|__tls_get_addr' < <(nm -D --undefined-only "$out/libdioshim.so")
}
