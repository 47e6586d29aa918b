# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for bash. Commands and options are asked of the program itself.

_tracebraid_words() {
  case $1 in
    --to | -t) echo "pcapng pcap csv text" ;;
    --owners) echo "certain linked context off" ;;
    --process-info) echo "none darwin wireshark" ;;
    --align) echo "auto off" ;;
    --progress) echo "auto always never" ;;
    --events) echo "journal none" ;;
  esac
}

_tracebraid() {
  local program=$1 current=$2 previous=$3 command="" word
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      -*) ;;
      *) command=$word; break ;;
    esac
  done
  # bash cuts --to=pcap into three words.
  if [ "$current" = "=" ]; then
    current=""
  elif [ "$previous" = "=" ]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  word=$(_tracebraid_words "$previous")
  if [ -n "$word" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$word" -- "$current")
  elif [ -z "$command" ] || [ "$command" = help ]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2> /dev/null |
      sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')" -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" "$command" --help 2> /dev/null |
      sed -n 's/^ *\(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p')" -- "$current")
  fi
}

complete -o default -F _tracebraid tracebraid
