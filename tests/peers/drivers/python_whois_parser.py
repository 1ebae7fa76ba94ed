"""python-whois asks HOST PORT NAME by its own client and parses; prints what it found."""

import json
import socket
import sys

from whois import NICClient
from whois.parser import WhoisEntry

host, port, name = sys.argv[1:]
# Its client knows port 43 alone: only the number is replaced.
connect = socket.socket.connect
socket.socket.connect = lambda self, address: connect(self, (address[0], int(port)))
text = NICClient().whois(name, host, 0)
print(json.dumps({"text": text, "parsed": dict(WhoisEntry.load(name, text))}, default=str))
