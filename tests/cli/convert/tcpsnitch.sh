# A run, one process of it, one socket; a file that is no socket's does not spoil it.
tracebraid convert -q --to text "$SAMPLES/tcpsnitch" -o run.txt && wc -l < run.txt
tracebraid convert -q --to text "$SAMPLES/tcpsnitch/curl_0" -o process.txt && wc -l < process.txt
tracebraid convert -q --to text "$SAMPLES/tcpsnitch/curl_0/2.json" -o -
tracebraid convert -q --to csv --columns "TID,Process Name,Operation,sent,received,errno,addr" \
  "$SAMPLES/tcpsnitch/curl_0/0.json" -o - | tr -d '\r\357\273\277'
