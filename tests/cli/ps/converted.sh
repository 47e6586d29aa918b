# A converted file shows the processes of the recording it was made from.
D=$SAMPLES/../tests/data/proctrack/good-five-deaths.dat
tracebraid convert -q "$D" -o rows.pcapng
tracebraid ps "$D" > recording.txt
tracebraid ps rows.pcapng > rows.txt
diff recording.txt rows.txt
tracebraid ps --json "$D" > recording.json
tracebraid ps --json rows.pcapng > rows.json
diff recording.json rows.json && echo same
