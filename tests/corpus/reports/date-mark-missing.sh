tracebraid info "$SAMPLES/date-mark-missing/rd1.dat" | grep completeness
