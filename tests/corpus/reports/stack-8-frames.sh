tracebraid convert -q --to text "$SAMPLES/stack-8-frames/deep.dat" -o - | grep -c "^=> func_"
