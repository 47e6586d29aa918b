for offset in nonsense 1x '' '--5' 1e30; do
  tracebraid convert --time-offset="$offset" "$SAMPLES/http.dat" -o out.pcapng 2> /dev/null
  status=$?
  [ $status = 64 ] || { echo "\"$offset\": $status"; exit 1; }
done
ls -A
