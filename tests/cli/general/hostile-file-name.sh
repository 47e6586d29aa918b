# Control bytes in a file name reach no terminal raw, and a line break in it forges no line.
name=$(printf 'no\033[31msuch\r\n.dat')
tracebraid info "$name" 2> errors
status=$?
tracebraid convert -f -o out.pcapng "$name" 2>> errors
# The same name on a damaged recording, where the places of damage are listed.
head -c 40000 "$SAMPLES/http-date.dat" > "$name"
tracebraid convert -f -o out.pcapng "$name" 2>> errors
tracebraid info "$name" >> errors
tr -d '\n' < errors | LC_ALL=C grep -q '[[:cntrl:]]' && od -c errors
grep '^\.dat' errors
[ "$(grep -c 'no\\x1b\[31msuch\\x0d\\x0a\.dat' errors)" -ge 4 ] || cat errors
exit $status
