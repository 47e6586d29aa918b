tracebraid convert "$SAMPLES/http.dat"
