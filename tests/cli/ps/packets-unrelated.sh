# Clocks that nothing relates: processes are shown, packets are not counted, and why is said.
D=$SAMPLES/../tests/data/proctrack/good-five-deaths.dat
tracebraid ps m="$D" m="$SAMPLES/http.pcap" 2> why | sed -n '1,3p'
sed 's/, and nothing relates them.*/ .../; s/.*\(packets are not counted\)/\1/' why
tracebraid ps --align=off m="$D" m="$SAMPLES/http.pcap" | sed -n '1p;$p'
tracebraid ps --align=perhaps "$D"
tracebraid ps --owners=perhaps "$D"
