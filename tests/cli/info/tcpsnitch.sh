# The folder stands for its files.
cp -r "$SAMPLES/tcpsnitch" run
tracebraid info run | grep -v '^ .*tcpsnitch:' | sed -n '1,24p'
tracebraid info --json run | python3 -c 'import json, sys
facts = json.load(sys.stdin)["files"][0]
print(facts["file"], facts["format"], len(facts["sources"]), facts["clean"])
print(sorted(s["name"] for s in facts["sources"] if s["class"] == "packets"))'
