# fish completion of scoville: scoville completion fish | source
function __scoville
  set -l typed (commandline -opc) (commandline -ct)
  set -l answer (scoville __complete $typed[2..] 2>/dev/null)
  switch "$answer[-1]"
    case :0
      __fish_complete_path (commandline -ct)
    case :16
      __fish_complete_directories (commandline -ct)
    case '*'
      test (count $answer) -gt 1; and printf '%s\n' $answer[1..-2]
  end
end
complete -c scoville -f -a '(__scoville)'
