# shellcheck shell=bash
# Completion of dioshim's command line, for bash. COMMAND is completed by bash-completion if that is
# installed, else by bash's own completion of commands and files.

# Joins the words up to the cursor as dioshim will get them: readline also splits at "=" and ":".
# Sets `words`, and `places`, the index in COMP_WORDS at which each begins.
_dioshim_words() {
  local line=$COMP_LINE word i
  words=() places=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $i == 0 || $line == [[:blank:]]* ]]; then
      words+=("$word") places+=("$i")
    else
      words[-1]+=$word
    fi
    line=${line#"${line%%[![:blank:]]*}"}
    line=${line#"$word"}
  done
}

# Parses short options in one word. An option with an argument takes the rest of the word, or else
# the next word; -s and -t take only the rest.
_dioshim_short() { # WORD
  local i
  for ((i = 1; i < ${#1}; i++)); do
    case ${1:i:1} in
      c) mode=check ;;
      p) mode=probe ;;
      r) mode=report ;;
    esac
    case ${1:i:1} in
      s | t) return ;;
      o | b | x | f | r)
        ((i + 1 < ${#1})) || wants=-${1:i:1}
        return
        ;;
    esac
  done
}

# Parses the words before the cursor. Sets `mode`; `wants`, the option whose argument is at the
# cursor; and `operand`, the index of COMMAND or of the first PATH, if that is before the cursor.
_dioshim_parse() {
  local i word
  mode=run wants='' operand=''
  for ((i = 1; i < ${#words[@]} - 1; i++)); do
    word=${words[i]}
    if [[ $wants ]]; then
      wants=''
      continue
    fi
    case $word in
      --check) mode=check ;;
      --probe) mode=probe ;;
      --report | --report=*) mode=report ;;
    esac
    case $word in
      --)
        operand=${places[i + 1]}
        return
        ;;
      --output | --bounce-max | --disable | --refused | --report) wants=$word ;;
      --* | -) ;;
      -*) _dioshim_short "$word" ;;
      *)
        operand=${places[i]}
        return
        ;;
    esac
  done
}

# Offers the list typed so far with each word that is not in it yet.
_dioshim_disable() { # LIST
  local done='' word
  [[ $1 != *,* ]] || done=${1%,*},
  for word in hints hugepages prefetch stdio; do
    [[ ,$done == *",$word,"* || $done$word != "$1"* ]] || COMPREPLY+=("$done$word")
  done
}

# Offers words from a fixed list.
_dioshim_choose() { # TYPED WORD...
  local typed=$1
  shift
  mapfile -t COMPREPLY < <(compgen -W "$*" -- "$typed")
}

_dioshim_files() { # TYPED
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
  compopt -o filenames 2>/dev/null
}

_dioshim_argument() { # OPTION TYPED
  case $1 in
    -s | --stats) _dioshim_choose "$2" 1 2 5 10 60 ;;
    -b | --bounce-max) _dioshim_choose "$2" 64K 256K 1M 4M 16M 64M ;;
    -x | --disable) _dioshim_disable "$2" ;;
    -f | --refused) _dioshim_choose "$2" fail buffered ;;
    -t | --trace | -o | --output | -r | --report) _dioshim_files "$2" ;;
  esac
}

# For --OPTION=TYPED. An offer replaces the text after the last word break, so it has to include the
# option if "=" is not a word break.
_dioshim_attached() { # WORD
  local i
  _dioshim_argument "${1%%=*}" "${1#*=}"
  [[ $COMP_WORDBREAKS != *=* ]] || return 0
  for i in "${!COMPREPLY[@]}"; do
    COMPREPLY[i]=${1%%=*}=${COMPREPLY[i]}
  done
}

# Offers the options that the mode accepts.
_dioshim_options() { # TYPED
  local options=()
  case $mode in
    run)
      options=(--stats --stats= --trace --trace= --output= --json --bounce-max= --disable= --refused=
        --strict --quiet --no-io-uring --check --probe --try --report= --help --version)
      ;;
    check) options=(--json) ;;
    probe) options=(--try --json) ;;
    report) options=(--json) ;;
  esac
  _dioshim_choose "$1" "${options[@]}"
  [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}

_dioshim_command() { # PLACE
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif (($1 == COMP_CWORD)); then
    mapfile -t COMPREPLY < <(compgen -c -- "$current")
  else
    _dioshim_files "$current"
  fi
}

_dioshim_operand() {
  case $mode in
    probe) _dioshim_files "$current" ;;
    run | check) _dioshim_command "${operand:-${places[-1]}}" ;;
  esac
}

_dioshim() {
  local words places mode wants operand current
  COMPREPLY=()
  _dioshim_words
  _dioshim_parse
  current=${words[-1]}
  if [[ $operand ]]; then
    _dioshim_operand
  elif [[ $wants ]]; then
    _dioshim_argument "$wants" "$current"
  elif [[ $current == --*=* ]]; then
    _dioshim_attached "$current"
  elif [[ $current == -* ]]; then
    _dioshim_options "$current"
  else
    _dioshim_operand
  fi
}

complete -F _dioshim dioshim
