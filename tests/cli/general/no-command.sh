# Without a command: the help, but as a mistake.
tracebraid
