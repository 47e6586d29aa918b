tracebraid convert -o out.pcapng
