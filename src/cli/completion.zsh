#compdef scoville
# zsh completion of scoville: eval "$(scoville completion zsh)"
_scoville() {
  local -a answer
  answer=("${(@f)$(scoville __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $answer[-1] in
  :0) compset -P '*='; _files; return ;;
  :16) _files -/; return ;;
  esac
  (($#answer > 1)) || return 1
  answer=("${(@)answer[1,-2]}")
  answer=("${(@)${(@)answer//:/\\:}/$'\t'/:}")
  _describe scoville answer
}
# As a file of fpath, it is read as the body of the function at the first Tab.
if [[ $funcstack[1] == _scoville ]]; then _scoville "$@"; else compdef _scoville scoville; fi
