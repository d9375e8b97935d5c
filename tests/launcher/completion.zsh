# Prints what zsh offers for a command line, one word on each line. For completion.bats:
#
#   zsh -f completion.zsh DIRECTORY-OF-THE-FUNCTION LINE DUMP
#
# DUMP is where zsh keeps its list of completion functions for the next time.
#
# An interactive zsh on a pseudo-terminal completes the line. There, compadd, which all completions
# call, is replaced by a function that prints the matches.

zmodload zsh/zpty || exit
rc=$(mktemp) || exit

# Prints the startup file of the interactive shell.
() {
  print -r -- "PROMPT= PS2= RPROMPT="
  print -r -- "unsetopt prompt_cr prompt_sp beep; unset zle_bracketed_paste"
  print -r -- "fpath=(${(q)1} \$fpath); autoload -Uz compinit && compinit -u -d ${(q)2}"
  cat <<'END'
compadd() {
  # Calls that only fill an array (-O, -A, -D) are not offers.
  local -a plain=("${@[1,(i)(-|--)]}") offered
  if (( ${plain[(I)-[a-zA-Z]#[OAD]*]} )); then
    builtin compadd "$@"
    return
  fi
  builtin compadd -A offered "$@"
  (( $#offered )) && print -rl -- "offer:"${^offered}
  builtin compadd "$@"
}
finish() {
  zle complete-word
  print -r -- 'offers:end'
  exit
}
zle -N finish
bindkey '^I' finish
print -r -- 'shell:'ready
END
} "$1" "$3" >"$rc"

zpty shell "cd ${(q)PWD} && exec zsh -f -i"
zpty -w shell "stty -echo; source ${(q)rc}"
zpty -r shell got $'*shell:ready\r\n'
rm -f "$rc"
zpty -w -n shell "$2"$'\t'
while zpty -r shell got; do
  got=${got%$'\r\n'}
  case $got in
    *offers:end*) break ;;
    *offer:*) print -r -- "${got##*offer:}" ;;
  esac
done
zpty -d shell
