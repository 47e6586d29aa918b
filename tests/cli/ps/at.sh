# Who lives at a moment: on the recording's axis, and behind its first record.
D=$SAMPLES/../tests/data/proctrack/good-five-deaths.dat
tracebraid ps --at 6041.444 "$D"
tracebraid ps --at +0.0045 "$D"
