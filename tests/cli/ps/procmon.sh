tracebraid ps "$SAMPLES/procmon-small.PML"
