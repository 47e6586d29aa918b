# --help and help are the same, name every command and every exit code, and say nothing on stderr.
tracebraid --help > help 2> errors || exit
tracebraid help | cmp - help || exit
[ ! -s errors ] || exit
for word in convert info 'help CMD' 141 64; do
  grep -q -- "$word" help || { echo "not in the help: $word"; exit 1; }
done
