# A file of an input folder is an input, too, and no input is ever overwritten.
cp -r "$SAMPLES/tcpsnitch" run && chmod -R u+w run
tracebraid convert -q -f run/curl_0 -o run/../run/curl_0/2.json
echo "exit code $?"
cmp run/curl_0/2.json "$SAMPLES/tcpsnitch/curl_0/2.json" && echo unchanged
tracebraid convert -q run/curl_0 -o run/curl.pcapng && ls run/curl.pcapng
