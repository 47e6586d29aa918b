# Processes that are not there: one line says so and what may have been meant; nothing false about formats.
tracebraid merge --comm nosuch "$SAMPLES/http-date.dat" "$SAMPLES/http-date.pcap" -o none.pcapng
tracebraid merge --comm crul "$SAMPLES/http-date.dat" -o none.pcapng -f
tracebraid merge --pid 77777 --comm x "$SAMPLES/http-date.dat" -o none.pcapng -f
