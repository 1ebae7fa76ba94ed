# Two stages: the first installs from the lock (every file checked by hash) and takes the
# development tools out again; the second holds the interpreter, the environment and the program.
# Nothing is compiled, the image has no package manager's leftovers and runs as an ordinary user.
FROM docker.io/library/python:3.13-slim-bookworm AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/privacyproxy
COPY requirements.lock ./
RUN /opt/privacyproxy/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY proxy proxy
COPY registrar_adapters registrar_adapters
COPY escrow escrow
RUN /opt/privacyproxy/bin/python -m pip install --quiet --no-deps --no-build-isolation .
# Only what the program needs to run stays: walk its own requirements, uninstall the rest.
COPY <<'PRUNE' /src/prune.py
import re, subprocess, sys
from importlib.metadata import PackageNotFoundError, distributions, requires
name_of = lambda text: re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0].lower().replace("_", "-")
kept, waiting = set(), ["privacyproxy"]
while waiting:
    name = waiting.pop()
    if name in kept:
        continue
    kept.add(name)
    try:
        needs = requires(name) or []
    except PackageNotFoundError:
        continue
    waiting += [name_of(need) for need in needs if "extra ==" not in need]
spare = sorted({name_of(d.metadata["Name"]) for d in distributions()} - kept - {"pip"})
subprocess.check_call([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *spare, "pip"])
PRUNE
RUN /opt/privacyproxy/bin/python prune.py && /opt/privacyproxy/bin/privacyproxy --help >/dev/null

FROM docker.io/library/python:3.13-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin privacyproxy \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/privacyproxy /var/lib/privacyproxy/data /var/lib/privacyproxy/keys
COPY --from=build /opt/privacyproxy /opt/privacyproxy
# Keys and data are two volumes: a backup or a copy of one is worthless without the other.
VOLUME ["/var/lib/privacyproxy/data", "/var/lib/privacyproxy/keys"]
ENV PATH=/opt/privacyproxy/bin:$PATH PYTHONUNBUFFERED=1 \
    PRIVACYPROXY_WHOIS_LISTEN=0.0.0.0:4343 \
    PRIVACYPROXY_RDAP_LISTEN=0.0.0.0:4380 \
    PRIVACYPROXY_API_LISTEN=0.0.0.0:4381 \
    PRIVACYPROXY_WEB_LISTEN=0.0.0.0:4382
USER 10001:10001
EXPOSE 4343 4380 4381 4382
STOPSIGNAL SIGTERM
# The metrics listener stays on the container's loopback; readiness is asked from inside.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:4390/health/ready', timeout=2)"]
ENTRYPOINT ["privacyproxy"]
CMD ["up", "--data-dir", "/var/lib/privacyproxy/data", "--key-dir", "/var/lib/privacyproxy/keys"]
