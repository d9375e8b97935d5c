#!/usr/bin/env bats
# The covered names that --check lists, of a program and of its libraries: reach.bash.

# shellcheck disable=SC2154 # status, output, stderr, lines: bats; here: reach.bash
# shellcheck disable=SC2030,SC2031,SC2034 # "as" is for reach.bash; bats runs each test in a subshell

load reach

table() {
  sed -n 's/^[[:space:]]*[A-Z0-9_]*(\(X, \)\{0,1\}\([a-z0-9_]*\), [a-z0-9_]*).*/\2/p' "$DIOSHIM_TOP_SRCDIR/common/symbols.h" | sort
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

@test "a program that imports nothing covered is unknown" {
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
    [[ $status -eq 0 && $output == *"libsecond.so: pwrite64"* ]]
  else
    [[ $status -eq 1 && $output == *"cannot tell: it could not be loaded: lib"*".so: "* ]]
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

# shellcheck disable=SC2016 # $ORIGIN is the dynamic linker's
@test "\$ORIGIN does not depend on the symbolic link that a program is started by" {
  libraries -Wl,--disable-new-dtags '-Wl,-rpath,$ORIGIN/lib'
  mkdir elsewhere
  mv user elsewhere/user
  mv lib elsewhere/lib
  ln -s elsewhere/user user
  finds_link
  ln -sf "$here/elsewhere/user" user
  finds_link
}

finds_link() {
  check ./user
  [[ $status -eq 0 && $output == *"libsecond.so: pwrite64"* ]] || fail "$output"
}

@test "libraries in LD_PRELOAD are listed, the shim is not" {
  libraries -Wl,-rpath,lib
  LD_PRELOAD=$here/lib/libsecond.so LD_LIBRARY_PATH=lib is_within ./inside
  [[ $output == *"libsecond.so: pwrite64"* && $output != *libdioshim* ]] || fail "$output"
}

# Whatever runs in it creates a file.
active_library() {
  cat >active.c <<'EOT'
#include <sys/syscall.h>
#include <unistd.h>
#include <fcntl.h>
/* A resolver runs before the C library's own symbols are relocated. */
static void create(const char *path)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_open), "D"(path),
			 "S"(O_CREAT | O_WRONLY), "d"(0600) : "rcx", "r11", "memory");
}
static void nothing(void) {}
static void (*resolve(void))(void) { create("by-ifunc"); return nothing; }
void resolved(void) __attribute__((ifunc("resolve")));
__attribute__((constructor)) static void construct(void) { create("by-constructor"); }
EOT
  gcc -shared -fPIC -o libactive.so active.c
}

@test "neither constructors nor IFUNC resolvers run" {
  [[ $(uname -m) == x86_64 ]] || skip "the system call in the test is for x86_64"
  active_library
  echo 'void resolved(void); void (*pointer)(void) = resolved; int main(void) { resolved(); }' |
    gcc -x c - -o user -L. -lactive -Wl,-rpath,. -Wl,-z,now
  check ./user
  is_unknown "import no read or write" ./user
  LD_BIND_NOW=1 LD_WARN=1 check ./user
  [[ ! -e by-ifunc && ! -e by-constructor ]]
  ./user
  [[ -e by-ifunc && -e by-constructor ]]
}

@test "audit libraries are not loaded, and ld.so's debugging output does not matter" {
  echo '#include <fcntl.h>
    unsigned la_version(unsigned v) { open("by-audit", O_CREAT | O_WRONLY, 0600); return v; }' |
    gcc -shared -fPIC -x c - -o audit.so
  # env, since the launcher itself would load it.
  is_within env LD_AUDIT="$here/audit.so" LD_DEBUG=all LD_DEBUG_OUTPUT="$here/debug" ./inside
  rm -f by-audit debug*
  check env LD_AUDIT="$here/audit.so" LD_DEBUG=all LD_DEBUG_OUTPUT="$here/debug" ./inside
  [[ $status -eq 0 && ! -e by-audit ]] && ! ls debug*
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

# What the shim does not cover

# A library by liburing's name for it, and one that imports it.
rings() {
  gcc -shared -fPIC -o liburing.so -x c - <<<'int io_uring_queue_init(void); int io_uring_queue_init(void) { return -1; }'
  gcc -shared -fPIC -o libring.so -x c - -x none ./liburing.so \
    <<<'int io_uring_queue_init(void); int ring(void); int ring(void) { return io_uring_queue_init(); }'
}

names_io_uring() { # OBJECT PROGRAM
  check "$2"
  grep -qx "not covered: io_uring, which $1 can use: with --no-io-uring many programs use other calls" <<<"$output" ||
    fail "$output"
}

@test "it names io_uring where the program or a library imports it, and no program else" {
  rings
  gcc -o user -Wl,--allow-shlib-undefined -x c - -x none ./libring.so \
    <<<'int ring(void); long read(int, void *, long); int main(int n, char **v) { return n > 9 ? ring() : (int)read(-1, v, 1) + 1; }'
  names_io_uring libring.so ./user
  run -0 "$DIOSHIM_LAUNCHER" --check --json ./user
  python3 -c '
import json, sys
d = json.loads(sys.argv[1])
assert d["program"]["uncovered"] == [], d
assert [l["uncovered"] for l in d["libraries"] if l["name"].endswith("libring.so")] == [["io_uring"]], d
' "$output"
  check ./inside
  [[ $output != *io_uring* ]]
}

@test "--stats names io_uring where a process has loaded liburing, also a child's" {
  rings
  gcc -o user -Wl,--allow-shlib-undefined -x c - -x none ./libring.so <<<'int ring(void); int main(int n, char **v) { (void)v; return n > 9 ? ring() : 0; }'
  run -0 "$DIOSHIM_LAUNCHER" --stats ./user
  [[ $output == *"The program can also use io_uring, which the shim does not see: "* ]]
  run -0 "$DIOSHIM_LAUNCHER" --stats sh -c './user; :'
  [[ $output == *"The program can also use io_uring, which the shim does not see: "* ]]
  run -0 "$DIOSHIM_LAUNCHER" --stats ./inside
  [[ $output != *io_uring* ]]
}

@test "it names io_uring that is set up by the program's own code, or by syscall(2)" {
  [[ $(uname -m) == x86_64 ]] || skip "only x86-64 code is known"
  local reads='long read(int, void *, long);' empty='(int)read(-1, v, 1) + 1'
  gcc -O1 -o own -x c - <<<"$reads"' int main(int n, char **v) { long r = 425;
    if (n > 9) __asm__ volatile("syscall" : "+a"(r) : "D"(0), "S"(0) : "rcx", "r11", "memory");
    return r != 425 ? (int)r : '"$empty"'; }'
  names_io_uring own ./own
  gcc -O1 -o numbered -x c - <<<"$reads"' long syscall(long, ...);
    int main(int n, char **v) { return n > 9 ? (int)syscall(425, 1, v) : '"$empty"'; }'
  names_io_uring numbered ./numbered
  # The number alone says nothing.
  gcc -O1 -o other -x c - <<<"$reads"' long syscall(long, ...); int twice(int); int twice(int x) { return 2 * x; }
    int main(int n, char **v) { return n > 9 ? twice(425) + (int)syscall(39) : '"$empty"'; }'
  check ./other
  [[ $output == *"within reach"* && $output != *io_uring* ]]
}

@test "it names io_uring of fio, MariaDB, QEMU and liburing's users" {
  local program found=
  [[ $(uname -m) == x86_64 ]] || skip "only x86-64 code is known"
  for program in fio mariadbd qemu-img; do
    command -v "$program" || continue
    check "$program"
    [[ $output == *"not covered: io_uring, which $program "* ]] || fail "$program: $output"
    found=1
  done
  [[ $found ]] || skip "neither fio nor mariadbd nor qemu-img is here"
}

@test "it says that QEMU tries out alignments" {
  echo 'long read(int, void *, long); int puts(const char *);
    int main(int n, char **v) { return n > 9 ? puts("Could not find working O_DIRECT alignment") : (int)read(-1, v, 1); }' |
    gcc -x c - -o emulator
  check ./emulator
  [[ $status == 0 && $output == *"note: emulator tries out which alignments direct I/O needs, "* ]] || fail "$output"
  run -0 "$DIOSHIM_LAUNCHER" --check --json ./emulator
  [[ $(python3 -c 'import json, sys; print(*json.loads(sys.argv[1])["notes"])' "$output") == "emulator tries out "* ]]
  check ./inside
  [[ $output != *note:* ]]
  need qemu-img qemu-utils
  check qemu-img
  [[ $output == *"note: qemu-img tries out "* ]]
}
