# An empty list, a list that is not there, a list from where the data should come: wrong use.
tracebraid merge --inputs-from /dev/null -o out.pcapng; echo $?
tracebraid merge --inputs-from nowhere -o out.pcapng 2> errors; echo $?
grep -q nowhere errors || cat errors
echo - | tracebraid merge --inputs-from - -o out.pcapng; echo $?
tracebraid merge - - -o out.pcapng; echo $?
ls -A
