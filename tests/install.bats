#!/usr/bin/env bats
# make install: programs that start meanwhile find either the old library or the new one, and programs that run keep
# theirs.

# shellcheck disable=SC2154 # stderr: bats

load lib

setup_file() {
  need make
  need strace
}

setup() {
  root=$BATS_TEST_TMPDIR/root
  build=$(dirname "$DIOSHIM_TEST_BIN")
}

# Runs make as a user would: without the variables of the make that runs the tests.
in_build() { # TARGET...
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "${trace[@]}" make -C "$build" DESTDIR="$root" \
    libdir=/lib bindir=/bin "$@" >"$BATS_TEST_TMPDIR/log" 2>&1 ||
    fail "$(tail "$BATS_TEST_TMPDIR/log")"
}

# Runs make and fails if a file that is called NAME was removed, emptied or written to. A rename to this name is what
# has to be seen.
renames() { # NAME... -- TARGET...
  local name names=()
  while [[ $1 != -- ]]; do
    names+=("$1")
    shift
  done
  shift
  local trace=(strace -f -qq -s 4096 -o "$BATS_TEST_TMPDIR/trace" -e 'signal=none'
    -e 'trace=open,openat,creat,truncate,link,linkat,symlink,symlinkat,unlink,unlinkat,rename,renameat,renameat2')
  in_build "$@"
  for name in "${names[@]}"; do
    local path=$root/$name
    grep -E 'rename[a-z0-9]*\(.*"'"$path"'"[^"]*= 0$' "$BATS_TEST_TMPDIR/trace" || fail "nothing was renamed to $path"
    ! grep -F "\"$path\"" "$BATS_TEST_TMPDIR/trace" | grep -E ' (un)?link| symlink| creat\(| truncate|O_(WRONLY|RDWR)' ||
      fail "$path was not replaced by a rename alone"
  done
}

@test "make install replaces the library and the launcher by a rename, also when it strips them" {
  local trace=() before stripped library launcher=()
  in_build install
  library=$root/lib/libdioshim.so
  [[ ! -e $root/bin/dioshim ]] || launcher=(bin/dioshim)
  before=$(stat -c %i:%s "$library")

  renames lib/libdioshim.so "${launcher[@]}" -- install
  [[ $(stat -c %a "$library") == 755 ]]
  cmp "$library" "$DIOSHIM_LIB"
  [[ $(stat -c %i:%s "$library") != "$before" ]] || fail 'the file is the old one'

  renames lib/libdioshim.so "${launcher[@]}" -- install-strip
  stripped=$(stat -c %s "$library")
  ((stripped < $(stat -c %s "$DIOSHIM_LIB"))) || fail 'nothing was stripped'
  diff <(table_symbols | sort) <(nm -D --defined-only --format=posix "$library" | cut -d' ' -f1 | sort)
  # Nothing under a temporary name is left.
  [[ $(ls -A "${library%/*}") == libdioshim.so ]]
}

@test "make uninstall removes every file that make install has installed" {
  local trace=()
  in_build install
  [[ $(find "$root" -type f | wc -l) -gt 10 ]]
  in_build uninstall
  [[ -z $(find "$root" ! -type d) ]] || fail "$(find "$root" ! -type d)"
}
