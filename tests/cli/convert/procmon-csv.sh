tracebraid convert -q --to csv --tz +02:00 --columns "Time of Day,Process Name,PID,Operation,Path,Result" \
    "$SAMPLES/procmon-small.PML" -o - | head -4
