# shellcheck shell=bash
# What the files about --check share. It is held against what happens when the command is run: most
# of the commands end in tests/launcher/reach.c, which exits 0 if the shim is mapped into it and 1 if not.

# shellcheck disable=SC2154,SC2034 # status, output, lines: bats; here: for the tests

load ../lib

: "${DIOSHIM_LAUNCHER:?the launcher under test; use \"make check\"}"

setup_file() {
  need gcc
  need nm binutils
  cd -- "$BATS_FILE_TMPDIR" || return
  build inside
  build alone -static
}

setup() {
  PATH=$PATH:/usr/sbin:/sbin
  unset LD_PRELOAD LD_LIBRARY_PATH
  cp "$BATS_FILE_TMPDIR"/* "$BATS_TEST_TMPDIR"
  cd -- "$BATS_TEST_TMPDIR" || return
  here=$PWD
  as=()
}

build() { # NAME FLAG...
  gcc -O1 -o "$1" "$DIOSHIM_TOP_SRCDIR/tests/launcher/reach.c" "${@:2}"
}

# Not `run`, which takes every 127 for a mistake of the test's.
check() { # COMMAND [ARG...]
  status=0
  output=$("${as[@]}" /usr/bin/timeout 10 "$DIOSHIM_LAUNCHER" --check -- "$@" 2>&1) || status=$?
  mapfile -t lines <<<"$output"
}

# The statuses agree, too, where the command cannot be executed: env says 126 and 127 for the same.
as_it_happens() { # COMMAND [ARG...]
  local happened=0
  "${as[@]}" env LD_PRELOAD="$DIOSHIM_LIB" "$@" </dev/null >/dev/null 2>&1 || happened=$?
  check "$@"
  ((status == happened)) || fail "$* exits $happened, --check says $status: $output"
}

is_within() { # COMMAND [ARG...]
  as_it_happens "$@"
  [[ $status -eq 0 && ${lines[0]} == *": within reach" ]] || fail "$*: $output"
}

is_out() { # REASON COMMAND [ARG...]
  as_it_happens "${@:2}"
  is_said_out "$@"
}

# For what cannot be run here.
is_said_out() { # REASON COMMAND [ARG...]
  check "${@:2}"
  [[ $status -eq 1 && ${lines[0]} == *": out of reach: "*"$1"* ]] || fail "${*:2}: $output"
  [[ $output == *"what to do: "* ]] || fail "no advice: $output"
}

is_unknown() { # REASON COMMAND [ARG...]
  check "${@:2}"
  [[ $status -eq 1 && ${lines[0]} == *": cannot tell: "*"$1"* ]] || fail "${*:2}: $output"
}

script() { # NAME LINE [COMMAND]
  printf '%s\n%s\n' "$2" "${3-}" >"$1"
  chmod +x "$1"
}

# e_shoff; e_shnum and e_shstrndx
forget_sections() { # FILE
  dd if=/dev/zero of="$1" bs=1 seek=40 count=8 conv=notrunc status=none
  dd if=/dev/zero of="$1" bs=1 seek=60 count=4 conv=notrunc status=none
}
