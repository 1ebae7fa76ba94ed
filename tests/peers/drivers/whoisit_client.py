"""whoisit asks BASE_URL NAME over RDAP; prints what its parser found, redactions included."""

import json
import sys

import whoisit

base_url, name = sys.argv[1:]
rows = {"services": [[[name.rpartition(".")[2]], [base_url]]]}
whoisit.load_bootstrap_data(
    {
        "asn": {"services": [[["1-2"], [base_url]]]},
        "dns": rows,
        "ipv4": {"services": [[["192.0.2.0/24"], [base_url]]]},
        "ipv6": {"services": [[["2001:db8::/32"], [base_url]]]},
        "object": {"services": [[["nobody@example.com"], ["XX"], [base_url]]]},
        "timestamp": 1_767_225_600,
    },
    from_json=False,
    allow_insecure=True,
)
print(json.dumps(whoisit.domain(name, follow_related=False), default=str))
