#!/usr/bin/env bats
# Static analysers, run on the sources and scripts. What an analyser is told to ignore is written,
# with the reason, in .clang-tidy or in the file that it concerns.

load lib

setup() {
  cd -- "$DIOSHIM_TOP_SRCDIR" || return
  flags=(-std=gnu11 -D_GNU_SOURCE -Icommon -Isrc -Ilauncher '-DLIBDIR="/usr/lib"' '-DPACKAGE_STRING="dioshim 0"'
    '-DPACKAGE_BUGREPORT=""')
  read -r -a libraries < <(pkg-config --cflags libelf smartcols jansson)
  flags+=("${libraries[@]}")
  # The shim, which works inside other programs. DIOSHIM_ANALYSE=all: the launcher, too.
  sources=(src/*.c)
  [[ ${DIOSHIM_ANALYSE-} != all ]] || sources+=(launcher/*.c launcher/*/*.c)
}

# Warnings go to standard error; one is enough to fail.
gcc_analyzer() { # SOURCE...
  local source
  for source; do
    gcc "${flags[@]}" -O2 -Wall -Wextra -Werror -fanalyzer -c -o /dev/null "$source" || return
  done
}

clang_tidy() { # MORE-CHECKS SOURCE...
  # xargs: one file for each processor at a time.
  printf '%s\0' "${@:2}" | xargs -0 -P "$(nproc)" -I % \
    clang-tidy --quiet --config-file="$DIOSHIM_TOP_SRCDIR/.clang-tidy" --checks="$1" % -- "${flags[@]}"
}

check_with_cppcheck() { # SOURCE...
  # Newer versions also say in which files they have not followed every branch.
  cppcheck --quiet --suppress=normalCheckLevelMaxBranches --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --std=c11 -D_GNU_SOURCE -D__SIZEOF_LONG__=8 -Icommon -Isrc -Ilauncher "$@"
}

@test "gcc -fanalyzer reports nothing" {
  need gcc
  gcc_analyzer "${sources[@]}"
}

@test "clang-tidy reports nothing" {
  need clang-tidy
  # Clang's path analysis takes ten times as long as all other checks, so gcc's does it in each run.
  # DIOSHIM_ANALYSE=all is for clang's.
  local less='-clang-analyzer-*'
  [[ ${DIOSHIM_ANALYSE-} != all ]] || less=
  clang_tidy "$less" "${sources[@]}"
}

@test "cppcheck reports nothing" {
  need cppcheck
  check_with_cppcheck "${sources[@]}"
}

@test "shellcheck reports nothing" {
  need shellcheck
  shellcheck -x setup .ci/run tests/run-bats tests/with-mounts tests/fuzz/run tests/kernels/* tests/*.sh tests/*.bash tests/*.bats \
    tests/*/*.bats tests/*/*.bash bench/*.sh completion/*.bash packaging/{make-deb,news-to-changelog,release,try-deb} \
    packaging/debian/*.prerm
}

@test "the code is formatted as .clang-format says" {
  need clang-format
  [[ $(clang-format --version) == *" 14."* ]] || skip "only clang-format 14 formats like this"
  find common src launcher tests bench -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
}

# Each analyser must report a fault of the kind that it is used for.

@test "gcc -fanalyzer reports a double free" {
  need gcc
  cat >"$BATS_TEST_TMPDIR/fault.c" <<'EOT'
#include <stdlib.h>
void twice(void *p);
void twice(void *p) { free(p); free(p); }
EOT
  run ! gcc_analyzer "$BATS_TEST_TMPDIR/fault.c"
  [[ $output == *analyzer-double-free* ]]
}

@test "clang-tidy reports a null pointer dereference" {
  need clang-tidy
  cat >"$BATS_TEST_TMPDIR/fault.c" <<'EOT'
int follow(int *p);
int follow(int *p) { return p ? 0 : *p; }
EOT
  run ! clang_tidy '' "$BATS_TEST_TMPDIR/fault.c"
  [[ $output == *clang-analyzer-core.NullDereference* ]]
}

@test "cppcheck reports an index past the end" {
  need cppcheck
  cat >"$BATS_TEST_TMPDIR/fault.c" <<'EOT'
int past(void);
int past(void) { int a[4] = { 0 }; return a[4]; }
EOT
  run ! check_with_cppcheck "$BATS_TEST_TMPDIR/fault.c"
  [[ $output == *arrayIndexOutOfBounds* ]]
}
