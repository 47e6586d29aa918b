# A file that cannot be read is an entry with an error; the document stays one document.
tracebraid info --json "$SAMPLES/http.dat" no-such.dat > info.json 2> /dev/null
status=$?
python3 -c '
import json
files = json.load(open("info.json"))["files"]
print(len(files), "error" in files[0], "error" in files[1])'
exit $status
