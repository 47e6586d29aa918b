# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for fish. Commands and options are asked of the program itself.

function __tracebraid_commands
    tracebraid --help 2>/dev/null | string match -rg '^  ([a-z][a-z-]*  .*)' |
        string replace -r '  +' \t
end

function __tracebraid_options
    set -l command (commandline -opc)[2]
    tracebraid $command --help 2>/dev/null |
        string match -rg '^ *(?:-[a-z], )?(--[a-z-]+[^ ]*  .*)' |
        string replace -r '(=[^ ]*)?  +' \t
end

complete -c tracebraid -n __fish_use_subcommand -f -a '(__tracebraid_commands)'
complete -c tracebraid -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -a '(__tracebraid_options)'
complete -c tracebraid -n 'not __fish_use_subcommand' -s t -l to -x -a 'pcapng pcap csv text'
complete -c tracebraid -n 'not __fish_use_subcommand' -l owners -x -a 'certain linked context off'
complete -c tracebraid -n 'not __fish_use_subcommand' -l process-info -x -a 'none darwin wireshark'
complete -c tracebraid -n 'not __fish_use_subcommand' -l align -x -a 'auto off'
complete -c tracebraid -n 'not __fish_use_subcommand' -l progress -x -a 'auto always never'
complete -c tracebraid -n 'not __fish_use_subcommand' -l events -x -a 'journal none'
