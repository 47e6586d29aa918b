tracebraid nonsense file
