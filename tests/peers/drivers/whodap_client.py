"""whodap asks BASE_URL NAME over RDAP; prints the answer and its flat reading of it."""

import json
import sys

import whodap
from whodap.client import RDAPClient

base_url, name = sys.argv[1:]
label, _, tld = name.rpartition(".")
client = whodap.DNSClient(RDAPClient._get_default_httpx_client(proxy_url=None, aio=False))
client._set_iana_info(
    {"version": "1.0", "publication": "2026-01-01T00:00:00Z", "services": [[[tld], [base_url]]]}
)
answer = client.lookup(label, tld)
print(
    json.dumps({"tree": json.loads(answer.to_json()), "flat": answer.to_whois_dict()}, default=str)
)
