# Added to every time, in both directions, to the nanosecond.
first() { tracebraid convert -q --to text "$@" "$SAMPLES/http.dat" -o - | sed -n '1s/.*\] *\([0-9.]*\):.*/\1/p'; }
first
first --time-offset=+3.25
first --time-offset=-250ms
first --time-offset=7ns
