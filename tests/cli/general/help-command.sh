# help CMD and CMD --help are the same text, with examples.
for command in convert info; do
  tracebraid help $command > one || exit
  tracebraid $command --help > two || exit
  cmp one two || exit
  for word in "tracebraid $command" Examples: --verbose; do
    grep -q -- "$word" one || { echo "$command: not in its help: $word"; exit 1; }
  done
done
for option in --output --write --force --verbose --quiet --progress --time-offset --to; do
  tracebraid help convert | grep -q -- "$option" || { echo "not in the help: $option"; exit 1; }
done
