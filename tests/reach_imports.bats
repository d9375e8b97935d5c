#!/usr/bin/env bats
# The covered names that --check lists, and where it finds a program's libraries: reach.bash.

# shellcheck disable=SC2154 # status, output, stderr, lines: bats; here: reach.bash
# shellcheck disable=SC2030,SC2031,SC2034 # "as" is for reach.bash; bats runs each test in a subshell

load reach

table() {
  sed -n 's/^[[:space:]]*X(\([^,]*\),.*/\1/p' "$DIOSHIM_TOP_SRCDIR/common/symbols.h" | sort
}

imported() { # FILE
  comm -12 <(table) <(nm -D --undefined-only --format=posix "$1" | sed 's/[@ ].*//' | sort -u)
}

# What is imported

@test "the covered names that it lists are those that nm shows" {
  local file name listed python
  python=$(python3_binary)
  for file in ./inside "$python" "$(command -v perl)" "$(command -v git)" "$BASH"; do
    check "$file"
    name=${file##*/}
    listed=$(sed -n "s/^  ${name//./\\.}: //p" <<<"$output" | tr -s ' ' '\n' | sort)
    diff <(imported "$file") <(printf '%s' "${listed:+$listed$'\n'}") || fail "$file"
  done
}

@test "so are those of its libraries" {
  local program
  for program in "$(python3_binary)" "$(command -v strace)" "$(command -v ls)"; do
    check "$program"
    ldd "$program" | awk '$2 == "=>" && $1 !~ /^libc\.so/ { print $1, $3 }' |
      while read -r name path; do
        [[ -z $(imported "$path") ]] || echo "$name:" "$(imported "$path" | paste -s -d ' ')"
      done | sort >expected
    sed -n 's/^  \(lib.*\.so.*: .*\)/\1/p' <<<"$output" | while read -r name names; do
      echo "$name" "$(tr ' ' '\n' <<<"$names" | sort | paste -s -d ' ')"
    done | sort >listed
    diff expected listed || fail "$program"
  done
}

@test "the same without section headers" {
  for style in sysv gnu; do
    build stripped -Wl,--hash-style=$style
    forget_sections stripped
    is_within ./stripped
    [[ $(imported ./inside | paste -s -d ' ') == "$(sed -n 's/^  stripped: //p' <<<"$output")" ]]
  done
}

@test "the same where the names come before the symbols" {
  build moved -no-pie -Wl,--section-start=.dynstr=0x10000
  [[ $(readelf -SW moved | awk '/ \.dynstr /{ print $0 }') == *0000000000010000* ]]
  is_within ./moved
  [[ $(imported ./inside | paste -s -d ' ') == "$(sed -n 's/^  moved: //p' <<<"$output")" ]]
}

@test "a program that imports nothing covered is not claimed" {
  echo 'int main(void) { return 0; }' | gcc -x c - -o idle
  is_unknown "import no read or write" ./idle
  echo '#include <unistd.h>
    int main(void) { return close(dup(1)); }' | gcc -x c - -o closer
  is_unknown "import no read or write" ./closer
}

# Two libraries that need each other; `user` needs the first. The second imports pwrite64.
libraries() { # FLAG...
  mkdir lib
  echo 'void second(void); void first(void) { second(); }' >first.c
  printf '#define _FILE_OFFSET_BITS 64\n#include <unistd.h>\nvoid first(void);
    void second(void) { if (pwrite(9, "", 1, 0)) first(); }' >second.c
  gcc -shared -fPIC -o lib/libfirst.so first.c
  gcc -shared -fPIC -o lib/libsecond.so second.c -Llib -lfirst
  gcc -shared -fPIC -o lib/libfirst.so first.c -Llib -lsecond
  echo 'void first(void); int main(void) { first(); }' |
    gcc -x c - -o user -Llib -lfirst -Wl,--allow-shlib-undefined "$@"
}

finds() { # WANT(yes|no)
  # ldd has the dynamic linker itself look.
  local linker=yes
  [[ $("${as[@]}" ldd ./user) != *"not found"* ]] || linker=no
  [[ $linker == "$1" ]]
  check ./user
  if [[ $1 == yes ]]; then
    [[ $status -eq 0 && $output == *"libsecond.so: pwrite64"* && $output != *"not found"* ]]
  else
    [[ $status -eq 1 && $output == *"not found: lib"*".so"* ]]
  fi || fail "$output"
}

# shellcheck disable=SC2016 # $ORIGIN is the dynamic linker's
@test "libraries are searched for as the dynamic linker does" {
  libraries
  finds no
  LD_LIBRARY_PATH=lib finds yes
  LD_LIBRARY_PATH=/nowhere::lib finds yes
  cp user lib
  (cd lib && LD_LIBRARY_PATH=: finds yes)
  check env LD_LIBRARY_PATH=lib ./user
  [[ $status -eq 0 && $output == *"libsecond.so: pwrite64"* ]]
}

# shellcheck disable=SC2016 # $ORIGIN is the dynamic linker's
@test "DT_RPATH is for the libraries' libraries too, DT_RUNPATH is not" {
  libraries -Wl,--disable-new-dtags '-Wl,-rpath,/nowhere:$ORIGIN/lib'
  finds yes
  rm -r lib
  libraries -Wl,--enable-new-dtags '-Wl,-rpath,${ORIGIN}/lib'
  finds no
  rm -r lib
  # Unless the program has loaded them itself.
  libraries -Wl,--no-as-needed -lsecond -Wl,--enable-new-dtags '-Wl,-rpath,${ORIGIN}/lib'
  finds yes
}

# shellcheck disable=SC2016 # $ORIGIN is the dynamic linker's
@test "DT_RUNPATH of a library makes DT_RPATH of the program void for what it needs" {
  libraries -Wl,--disable-new-dtags '-Wl,-rpath,$ORIGIN/lib'
  gcc -shared -fPIC -o lib/libfirst.so first.c -Llib -lsecond -Wl,--enable-new-dtags,-rpath,/nowhere
  finds no
}

# shellcheck disable=SC2016 # it is another shell that expands these
@test "what ldconfig has found is found" {
  need ldconfig libc-bin
  need unshare util-linux
  libraries
  echo "$here/lib" >conf
  ldconfig -X -C cache -f conf 2>/dev/null
  as=(unshare -m sh -c 'mount --bind cache /etc/ld.so.cache && exec "$@"' sh)
  "${as[@]}" true || skip "no right to mount"
  finds yes
  head -c 1000 cache >short
  cp short cache
  finds no
}
