# One document; the numbers of instances stay, names are escaped so that no byte is lost.
D=$SAMPLES/../tests/data/proctrack/good-five-deaths.dat
tracebraid ps --json --at 6041.444 "$D"
