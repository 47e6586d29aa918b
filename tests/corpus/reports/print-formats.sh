tracebraid convert -q --to text "$SAMPLES/print-formats/pf.dat" -o -
