# A document that parses, with the numbers of the sample's own description.
tracebraid info --json "$SAMPLES/http.dat" > info.json || exit
python3 - info.json "$SAMPLES/http.expect.json" <<'P'
import json, sys
info = json.load(open(sys.argv[1]))["files"][0]
want = json.load(open(sys.argv[2]))["recording"]
source = info["sources"][0]
assert source["records"] == want["events"], source["records"]
assert (source["first_ns"], source["last_ns"]) == (want["first_ns"], want["last_ns"])
types = {t["name"].split(":")[1]: t["count"] for t in source["types"]}
assert types == want["types"], types
assert source["completeness"] == "complete" and source["lost"] == 0
assert info["format"] == "tracecmd" and info["bytes"] == want["bytes"]
machine = info["machines"][0]
assert machine["name"] == "sample" and machine["cpus"] == 2 and machine["os"] == "Linux"
P
