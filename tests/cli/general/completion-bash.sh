# What bash offers behind a few beginnings: commands, options, words of options, else file names.
command -v bash > completions || exit 77
cat > offered.bash <<'END'
. "$1"
offer() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  _tracebraid tracebraid "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  echo "$*: ${COMPREPLY[*]}"
}
offer tracebraid con
offer tracebraid help a
offer tracebraid convert --align
offer tracebraid -v ps --tr
offer tracebraid merge --to = p
offer tracebraid merge --owners =
offer tracebraid convert trace
END
bash offered.bash "$CASES/../../tools/completion/tracebraid.bash"
