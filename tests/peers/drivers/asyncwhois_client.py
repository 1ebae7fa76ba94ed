"""asyncwhois asks HOST PORT NAME; prints the answer and what its parser makes of it."""

import json
import sys

from asyncwhois.parse_tld import DomainParser
from asyncwhois.query import DomainQuery

host, port, name = sys.argv[1:]
DomainQuery.whois_port = int(port)
answers = DomainQuery(find_authoritative_server=False).run(name, server=host)
parsed = DomainParser().parse(answers[-1], name.rpartition(".")[2])
print(json.dumps({"text": answers[-1], "parsed": parsed}, default=str))
