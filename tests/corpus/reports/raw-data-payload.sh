tracebraid convert -q --to text "$SAMPLES/raw-data-payload/raw.dat" -o -
