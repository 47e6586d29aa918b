tracebraid ps
echo $?
tracebraid ps --at yesterday "$SAMPLES/../tests/data/proctrack/good-five-deaths.dat"
