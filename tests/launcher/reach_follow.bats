#!/usr/bin/env bats
# How --check follows a command to an ELF file: PATH, scripts, env and similar programs: reach.bash.

# shellcheck disable=SC2154 # status, output, stderr, lines: bats; here: reach.bash
# shellcheck disable=SC2030,SC2031,SC2034 # "as" is for reach.bash; bats runs each test in a subshell

load reach

# Scripts. The interpreter is ours: it takes no notice of the script.

@test "the verdict on a script is that on its interpreter" {
  script in "#!$here/inside"
  script out "#!$here/alone"
  is_within ./in
  is_out "$here/alone is statically linked" ./out
  [[ $output == *"./out is a script for $here/alone"* ]]
}

@test "blanks, arguments and ends of #! lines are the kernel's" {
  local tab=$'\t'
  script 1 "#! $tab$here/inside $tab -a b  "
  script 2 "#!inside"
  script 3 "#!$here/inside"$'\r'
  script 4 "#!"
  script 5 "#!   "
  script 6 "#!/nowhere"
  script 7 "#!$here"
  script 8 "#!$here/inside$tab"
  printf '#!%s' "$here/inside" >./9
  printf '#!%s -x' "$here/inside" >./10
  printf '#!' >./11
  : >./12
  printf '#!%s\0 more\n' "$here/inside" >./13
  printf '#!  ' >./14
  printf '#!\0\n' >./15
  chmod +x 9 1[0-5]
  for ((i = 1; i <= 15; i++)); do
    as_it_happens "./$i"
  done
}

@test "a #! line is cut where the kernel cuts it" {
  local length name directory
  # The kernel reads 256 bytes; a path of them is made of slashes.
  for length in 252 253 254 255 256 257; do
    name=$(printf '%*s' $((length - 2 - ${#here} - 7)) '' | tr ' ' /)
    directory=$here$name
    script "long-$length" "#!$directory/inside"
    printf '#!%s/inside' "$directory" >"bare-$length"
    chmod +x "bare-$length"
    as_it_happens "./long-$length"
    as_it_happens "./bare-$length"
  done
}

@test "scripts for scripts are followed as far as the kernel does, also in a loop" {
  script 0 "#!$here/inside"
  for ((i = 1; i < 8; i++)); do
    script "$i" "#!$here/$((i - 1))"
    as_it_happens "./$i"
  done
  [[ $status -eq 126 ]]
  script self "#!$here/self"
  as_it_happens ./self
  [[ $status -eq 126 ]]
}

@test "text without a #! line is for /bin/sh" {
  script text "exec '$here/inside'"
  is_within ./text
  [[ $output == *"which /bin/sh reads"* ]]
}

@test "a file that is neither text nor a program is unknown" {
  printf 'MZ\0\0\0' >odd
  chmod +x odd
  is_unknown "neither an ELF file nor a script" ./odd
}

# Programs that start programs

@test "env, nice and similar programs are followed" {
  is_within env ./inside
  is_within env X=1 LC_ALL=C ./inside
  is_within env -u X -v ./inside
  is_within nice -n 1 ./inside
  is_within nice -5 ./inside
  is_within nohup ./inside
  is_within timeout -k 1 -s INT 5 ./inside
  is_within ionice -c 3 ./inside
  is_within env nice env ./inside
  is_out "./alone is statically linked" env X=1 nice ./alone
  as_it_happens env nice ./nosuch
  [[ $status -eq 127 ]]
}

@test "env in a #! line is followed" {
  mkdir bin
  cp inside bin/prog
  script 1 '#!/usr/bin/env prog'
  script 2 '#!/usr/bin/env -S X=1 prog arg'
  script 3 "#!/usr/bin/env -S -i $here/bin/prog"
  script 4 '#!/usr/bin/env -vS prog -x'
  PATH=$here/bin:$PATH
  is_within ./1
  is_within ./2
  is_out "removes the shim from LD_PRELOAD" ./3
  is_within ./4
}

@test "env that removes LD_PRELOAD is noticed" {
  is_out "removes the shim from LD_PRELOAD" env -i ./inside
  is_out "removes the shim from LD_PRELOAD" env - ./inside
  is_out "removes the shim from LD_PRELOAD" env -u LD_PRELOAD ./inside
  is_out "removes the shim from LD_PRELOAD" env --unset=LD_PRELOAD ./inside
  is_out "removes the shim from LD_PRELOAD" env LD_PRELOAD= ./inside
}

@test "options that are not known are reported" {
  is_unknown "options that dioshim does not know" env -C / ./inside
  is_unknown "options that dioshim does not know" env -S '"./inside"'
  is_unknown "options that dioshim does not know" nice --frobnicate ./inside
  is_unknown "options that dioshim does not know" timeout --forever 5 ./inside
}

# Where a command is found

@test "PATH is searched as execvp does" {
  mkdir 1 2 3
  cp inside 1/prog
  chmod -x 1/prog
  mkdir 2/prog
  script 3/prog "#!$here/alone"
  # env and the launcher themselves are not to be looked for.
  found() { # PATH
    local happened=0
    PATH=$1 /usr/bin/env LD_PRELOAD="$DIOSHIM_LIB" prog 2>/dev/null || happened=$?
    PATH=$1 check prog
    ((status == happened)) || fail "PATH=$1: exits $happened, --check says $status: $output"
  }
  found "$here/1:$here/2:$here/3"
  found "$here/1:$here/2"
  found "$here/nosuch:$here/inside:$here/3"
  found "$here/nosuch"
  cp inside prog
  found "$here/1:"
  found ":$here/3"
  found ""
  script 1/prog '#!/nowhere'
  found "$here/1:$here/3"
}

@test "what cannot be executed has the status that it would have" {
  mkfifo fifo
  chmod +x fifo
  cp inside plain
  chmod -x plain
  for command in ./fifo ./plain . / /dev/zero ./nosuch ./inside/x /etc/passwd "$here/" ""; do
    as_it_happens "$command"
    [[ $status -ge 126 ]]
  done
}

@test "a missing dynamic linker is named" {
  build lost -Wl,--dynamic-linker=/nowhere/ld-linux.so.9
  as_it_happens ./lost
  [[ $status -eq 127 && $output == *"/nowhere/ld-linux.so.9: No such file or directory"* ]]
}
