# Damage in a folder costs its part: the rest is converted, and the exit code says so.
cp -r "$SAMPLES/tcpsnitch" run && chmod -R u+w run
: > run/curl_0/0.pcap
head -c 100 /dev/zero > run/curl_0/1.pcap
printf 'no line\n' >> run/curl_0/1.json
printf '{"type": "close", "times' >> run/curl_0/2.json
: > run/curl_0/7.json
tracebraid convert -f run -o out.pcapng
status=$?
tracebraid convert -q -f --to text run -o - | wc -l
mkdir -p empty/meta && echo a > empty/meta/app && echo b > empty/meta/host_id
tracebraid convert empty -o none.pcapng || ls none.pcapng
tracebraid convert -q empty "$SAMPLES/tcpsnitch" -o both.pcapng
echo "with an empty one: $?"
exit $status
