# One line says that the times are those of another clock; -q leaves it out.
tracebraid convert "$SAMPLES/http.dat" -o one.pcapng || exit
tracebraid convert -q "$SAMPLES/http.dat" -o two.pcapng || exit
tracebraid convert "$SAMPLES/http-date.dat" -o three.pcapng
