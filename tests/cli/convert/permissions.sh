# The output gets the permissions any new file gets.
umask 027
tracebraid convert -q "$SAMPLES/http-date.dat" -o out.pcapng || exit
stat -c %a out.pcapng
