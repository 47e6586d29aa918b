# A thread is all that is known of a process; its program's name is that of the folder.
tracebraid ps --owners=off "$SAMPLES/tcpsnitch"
