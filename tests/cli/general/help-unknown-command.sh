tracebraid help nonsense
