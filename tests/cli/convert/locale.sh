# Numbers and times follow neither locale nor time zone.
tracebraid convert -q --to text "$SAMPLES/http-date.dat" -o one.txt || exit
TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8 LC_NUMERIC=de_DE.UTF-8 \
  tracebraid convert -q --to text "$SAMPLES/http-date.dat" -o two.txt || exit
tracebraid info "$SAMPLES/http-date.dat" > one.info || exit
TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8 tracebraid info "$SAMPLES/http-date.dat" > two.info || exit
cmp one.txt two.txt && cmp one.info two.info
