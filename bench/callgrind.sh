#!/bin/sh
# Counts the instructions that the shim adds to a call, with valgrind's callgrind: unlike times,
# counts do not vary. Each count is the difference between two runs of different length, so that it
# does not include what a program does once, when it starts.
#
#   callgrind.sh IOBENCH LIBDIOSHIM.SO DIRECTORY >TABLE
#
# The table is in Markdown. Instructions in the kernel are not counted. Without the shim a
# misaligned call would fail, so it is compared with the aligned one.
set -u

if [ $# -ne 3 ]; then
  echo "usage: $0 IOBENCH LIBDIOSHIM.SO DIRECTORY" >&2
  exit 2
fi
iobench=$1 library=$2
if ! command -v valgrind >/dev/null; then
  echo "$0: valgrind is not installed (Debian: valgrind)" >&2
  exit 1
fi

few=100 many=5100
mkdir -p -- "$3" || exit
scratch=$(mktemp -d -- "$3/callgrind.XXXXXX") || exit
trap 'rm -rf -- "$scratch"' EXIT

# Prints the number of instructions of a whole process.
instructions() ( # PRELOAD COUNT [OPTION...]
  export LD_PRELOAD="$1"
  count=$2
  shift 2
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$iobench" --untimed --count "$count" \
    --file "$scratch/file" --file-size 4194304 "$@" >"$scratch/out" 2>"$scratch/log" || exit
  if grep -q error "$scratch/out"; then
    cat "$scratch/out" >&2
    exit 1
  fi
  sed -n 's/^==[0-9]*== Collected : \([0-9]*\)$/\1/p' "$scratch/log"
)

per_call() { # PRELOAD [OPTION...]
  preload=$1
  shift
  low=$(instructions "$preload" $few "$@") && high=$(instructions "$preload" $many "$@") || return
  [ -n "$low" ] && [ -n "$high" ] || return
  echo $(((high - low + (many - few) / 2) / (many - few)))
}

row() { # WHAT MISALIGNMENT [OPTION...]; only the run with the shim gets MISALIGNMENT
  what=$1 odd=$2
  shift 2
  without=$(per_call '' "$@") || failed "$what"
  # shellcheck disable=SC2086 # an option and its value, or empty
  with=$(per_call "$library" $odd "$@") || failed "$what"
  echo "| $what | $without | $with | $((with - without)) |"
}

failed() { # WHAT
  echo "$0: cannot count: $1" >&2
  cat "$scratch/log" >&2
  exit 1
}

# Makes the file before valgrind slows it down.
"$iobench" --op read --count 1 --file "$scratch/file" --file-size 4194304 >"$scratch/out" || exit

echo '| call | without | with the shim | added |'
echo '| --- | ---: | ---: | ---: |'
row 'write, 1 byte to /dev/null' '' --op null
row 'pread, 4 KiB from the page cache' '' --op cached
row 'open and close' '' --op open
row 'read, 4 KiB direct, aligned' '' --op read --stream
row 'write, 4 KiB direct, aligned' '' --op overwrite --stream
row 'pread, 4 KiB direct, aligned' '' --op read
row 'pwrite, 4 KiB direct, aligned' '' --op overwrite
row 'pread, 4 KiB direct, misaligned address' '--address-off 13' --op read
row 'pwrite, 4 KiB direct, misaligned address' '--address-off 13' --op overwrite
row 'pread, 4 KiB direct, misaligned length' '--shorten 1' --op read
row 'pwrite, 4 KiB direct, misaligned length' '--shorten 1' --op overwrite
