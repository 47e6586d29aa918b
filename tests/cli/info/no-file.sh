tracebraid info
