tracebraid info "$SAMPLES/http-date.dat" > info || exit
for line in 'trace-cmd' 'version *6' 'sample' '368' 'complete' 'net:net_dev_queue'; do
  grep -q -- "$line" info || { echo "not there: $line"; cat info; exit 1; }
done
