# The cause of every death, from the signals' own events; the rows say the same.
D=$SAMPLES/../tests/data/proctrack/good-five-deaths.dat
tracebraid ps "$D"
tracebraid ps --tree "$D"
tracebraid convert -q "$D" -o rows.pcapng
grep -a -o 'MESSAGE=sched_process_exit: .*' rows.pcapng
