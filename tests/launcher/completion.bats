#!/usr/bin/env bats
# What the shells offer after "dioshim" is what the launcher accepts.

# shellcheck disable=SC2016 # it is another shell that expands these
# shellcheck disable=SC2154 # output: bats

load ../lib

setup() {
  completion=$DIOSHIM_TOP_SRCDIR/completion
  cd -- "$BATS_TEST_TMPDIR" || return
  mkdir -p directory
  touch report.1 report.2
}

help_options() {
  "${DIOSHIM_LAUNCHER:?}" --help | sed -n 's/^  -[a-zA-Z], \(--[a-z-]*\).*/\1/p' | sort
}

# Splits the line as readline does, with the cursor at the end, and completes it without
# bash-completion. Prints the offers, sorted.
bash_offers() { # LINE [WORDBREAKS]
  local program='
    COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$3
    . "$1" || exit
    rest=$2 COMP_WORDS=()
    while [[ $rest ]]; do
      rest=${rest#"${rest%%[! ]*}"}
      word=${rest%%["$COMP_WORDBREAKS"]*}
      [[ $word ]] || { word=${rest%%[!"=:"]*}; }
      COMP_WORDS+=("$word")
      rest=${rest#"$word"}
    done
    [[ $2 != *" " ]] || [[ ! ${COMP_WORDS[-1]} ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    [[ $(complete -p dioshim) == "complete -F _dioshim dioshim" ]] || exit
    _dioshim
    ((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"'
  bash --norc -c "$program" bash "$completion/dioshim.bash" "$1" "${2- =:}" | sort
}

offers() { # LINE WORD...
  local line=$1
  shift
  diff <(printf '%s\n' "$@" | sort) <(bash_offers "$line") || fail "after \"$line\""
}

@test "bash: every long option of --help is offered, and no other" {
  [[ $(help_options | wc -l) -ge 14 ]]
  diff <(help_options) <(bash_offers 'dioshim --' | tr -d = | sort -u)
}

@test "bash: options that take an argument end in =" {
  offers 'dioshim --b' --bounce-max=
  offers 'dioshim --st' --stats --stats= --strict
}

@test "bash: only options that the mode accepts" {
  offers 'dioshim --probe --' --try --json
  offers 'dioshim --report=report.1 --' --json
  offers 'dioshim -jp --' --try --json
}

@test "bash: arguments of options" {
  offers 'dioshim --bounce-max=6' 64K 64M
  offers 'dioshim -b 1' 1M 16M
  offers 'dioshim --stats=1' 1 10
  offers 'dioshim --disable=' hints hugepages prefetch stdio
  offers 'dioshim --disable=hints,hu' hints,hugepages
  offers 'dioshim -x prefetch,' prefetch,hints prefetch,hugepages prefetch,stdio
  offers 'dioshim --output=rep' report.1 report.2
  offers 'dioshim -o dir' directory
  offers 'dioshim --report rep' report.1 report.2
  offers 'dioshim --trace=report.1' report.1
}

@test "bash: if = is not a word break, offers include the option" {
  diff <(printf '%s\n' --output=report.1 --output=report.2) <(bash_offers 'dioshim --output=r' ' ')
}

@test "bash: a command, then its arguments" {
  [[ $(bash_offers 'dioshim uniq') == *uniq* ]]
  [[ $(bash_offers 'dioshim -- uniq') == *uniq* ]]
  [[ $(bash_offers 'dioshim --check uniq') == *uniq* ]]
  [[ $(bash_offers 'dioshim -ero uniq') != *uniq* && $(bash_offers 'dioshim -eso uniq') == *uniq* ]]
  offers 'dioshim cat rep' report.1 report.2
  offers 'dioshim -s5 --bounce-max 1M --output=a:b cat --strict rep' report.1 report.2
  run bash_offers 'dioshim cat --str'
  [[ -z $output ]]
}

@test "bash: paths for --probe, nothing after --report" {
  offers 'dioshim --probe report.1 d' directory
  offers 'dioshim -pw -- report.1 d' directory
  run bash_offers 'dioshim --report=report.1 r'
  [[ -z $output ]]
}

@test "bash: COMMAND's own completion, if bash-completion is there" {
  local scripts=/usr/share/bash-completion/bash_completion offered
  [[ -e $scripts ]] || skip "bash-completion is missing (Debian: bash-completion)"
  # A command's completion sees only the command's own words.
  offered=$(bash --norc -c '. "$1" && . "$2" || exit
    _command_of_mine() { COMPREPLY=("$COMP_CWORD ${COMP_WORDS[*]}"); }
    complete -F _command_of_mine command-of-mine
    COMP_LINE="dioshim --output=file command-of-mine --a b" COMP_POINT=${#COMP_LINE}
    COMP_WORDS=(dioshim --output = file command-of-mine --a b) COMP_CWORD=6
    _dioshim 2>/dev/null
    printf "%s\n" "${COMPREPLY[@]}"' bash "$scripts" "$completion/dioshim.bash")
  [[ $offered == "2 command-of-mine --a b" ]]
}

# zsh completes only on a terminal; zpty provides one. Prints the offers, sorted.
zsh_offers() { # LINE
  timeout 60 zsh -f "$DIOSHIM_TOP_SRCDIR/tests/launcher/completion.zsh" "$completion" "$1" "$BATS_FILE_TMPDIR/zcompdump" |
    sort -u
}

@test "zsh: every long option of --help is offered, and no other" {
  need zsh
  need_terminal
  diff <(help_options) <(zsh_offers 'dioshim --' | grep ^-- | tr -d = | sort -u)
}

@test "zsh: arguments, commands, paths" {
  need zsh
  need_terminal
  diff <(printf '%s\n' hints hugepages prefetch stdio) <(zsh_offers 'dioshim --disable=')
  diff <(printf '%s\n' 64K 64M) <(zsh_offers 'dioshim --bounce-max=6')
  diff <(printf '%s\n' report.1 report.2) <(zsh_offers 'dioshim --output=rep')
  diff <(printf '%s\n' report.1 report.2) <(zsh_offers 'dioshim -r rep')
  diff <(echo --json) <(zsh_offers 'dioshim --probe --j')
  [[ -z $(zsh_offers 'dioshim --probe --stri') && -z $(zsh_offers 'dioshim --stats --prob') ]]
  diff <(echo directory) <(zsh_offers 'dioshim --probe report.1 d' | tr -d /)
  [[ $(zsh_offers 'dioshim -s uniq') == uniq* ]]
  diff <(printf '%s\n' report.1 report.2) <(zsh_offers 'dioshim -s cat rep')
  diff <(printf '%s\n' report.1 report.2) <(zsh_offers 'dioshim -- cat rep')
  [[ $(zsh_offers 'dioshim cat --stri') != *strict* ]]
}
