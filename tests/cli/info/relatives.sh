# Files that people give by mistake: each is called by its name.
printf '\375\067zXZ\000rest' >a.xz
printf '\004\042\115\030rest' >a.lz4
printf 'BZh91AY' >a.bz2
printf 'PK\003\004rest' >a.zip
printf '7z\274\257\047\034rest' >a.7z
printf 'version https://git-lfs.github.com/spec/v1\n' >pointer.dat
printf '\000\005\026\007rest' >._a.pcap
printf 'snoop\000\000\000rest' >a.snoop
printf 'PERFILE2rest' >perf.data
printf '\301\037\374\301rest' >channel0
printf '# tracer: nop\n#\n' >trace.txt
for file in a.xz a.lz4 a.bz2 a.zip a.7z pointer.dat ._a.pcap a.snoop perf.data channel0 trace.txt; do
  tracebraid info "$file" 2>&1
  echo "exit $?"
done
