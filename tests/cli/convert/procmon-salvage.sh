head -c 9000 "$SAMPLES/procmon-small.PML" > cut.PML
tracebraid convert --to text cut.PML -o - 2> message
echo "exit $?"
cat message
tracebraid convert -q --salvage --to text cut.PML -o - | head -2
