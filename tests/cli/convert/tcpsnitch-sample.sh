# The sample is what its maker makes.
python3 "$CASES/../support/make-tcpsnitch.py" made && diff -r made "$SAMPLES/tcpsnitch" && echo equal
