# bash completion of scoville: eval "$(scoville completion bash)"
_scoville() {
  local cur=${COMP_WORDS[COMP_CWORD]} word IFS=$'\n'
  local -a typed=() answer=()
  # Readline takes "=" for a word of its own.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do [[ $word == = ]] || typed+=("$word"); done
  if [[ $cur == = ]]; then cur=; typed+=(""); fi
  answer=($(scoville __complete "${typed[@]}" 2>/dev/null))
  case ${answer[${#answer[@]}-1]} in
  :0) COMPREPLY=($(compgen -f -- "$cur")) ;;
  :16) COMPREPLY=($(compgen -d -- "$cur")) ;;
  *) COMPREPLY=("${answer[@]%%$'\t'*}"); unset "COMPREPLY[${#answer[@]}-1]" ;;
  esac
}
complete -o filenames -F _scoville scoville
