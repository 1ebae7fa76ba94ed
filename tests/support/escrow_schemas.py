"""Judges of a deposit that we did not write: the IETF's own schemas, for the document and values.

RFC 9022 gives the type of a CSV column as the default of an attribute of its field element. That
is read out of the schemas here, so that every value of every file is checked by the type it names.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from lxml import etree

FOLDER = Path(__file__).parents[1] / "vectors" / "schemas"
XS = "{http://www.w3.org/2001/XMLSchema}"
NS = "urn:ietf:params:xml:ns:"
_PREFIXES = {
    "contact": "contact-1.0",
    "domain": "domain-1.0",
    "eppcom": "eppcom-1.0",
    "host": "host-1.0",
    "secDNS": "secDNS-1.1",
    "csvRegistrar": "csvRegistrar-1.0",
}
_GRACE = "rgp:statusValueType"  # of a schema that is not here
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def manifest() -> str:
    """What MANIFEST must be."""
    files = sorted(FOLDER.glob("*.xsd"))
    return "".join(f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files)


def document(octets: bytes) -> etree._Element:
    """The root of a deposit document that is valid; raises with the schema's words."""
    root = etree.fromstring(octets, _PARSER)
    _schema("").assertValid(root)
    return root


def fields(csv: etree._Element) -> list[etree._Element]:
    """The field elements of a table, in order."""
    return list(csv[0])


def is_required(field: etree._Element) -> bool:
    """Whether a column may not be empty: what the document says, else what the schema says."""
    given = field.get("isRequired")
    return (given if given is not None else _default(field.tag, "isRequired")) == "true"


def fault(field: etree._Element, value: str) -> str | None:
    """Why a value is not of its column's type; None when it is."""
    if not value:
        return "empty" if is_required(field) else None
    type_name = _default(field.tag, "type").replace("\\", "")
    if type_name == _GRACE:
        return None
    try:
        element = etree.Element("value")
        element.text = value
    except ValueError:
        return "no XML text"
    schema = _schema(type_name)
    return None if schema.validate(element) else str(schema.error_log)


@lru_cache(maxsize=64)
def _schema(type_name: str) -> etree.XMLSchema:
    """All schemas together, with an element `value` of that type where one is named."""
    imports = "".join(
        f'<import namespace="{NS}{one.stem}" schemaLocation="{one.name}"/>'
        for one in sorted(FOLDER.glob("*.xsd"))
    )
    prefixes = "".join(f' xmlns:{prefix}="{NS}{name}"' for prefix, name in _PREFIXES.items())
    value = f'<element name="value" type="{type_name}"/>' if type_name else ""
    text = f'<schema xmlns="{XS[1:-1]}"{prefixes}>{imports}{value}</schema>'
    tree = etree.fromstring(text.encode(), _PARSER, base_url=f"{FOLDER.as_uri()}/all.xsd")
    return etree.XMLSchema(tree)


@lru_cache(maxsize=256)
def _default(tag: str, attribute: str) -> str:
    """The default of an attribute of an element, wherever in its chain of types it stands."""
    uri, _, name = tag[1:].partition("}")
    schema = _file(uri)
    element = schema.find(f"{XS}element[@name='{name}']")
    assert element is not None, tag
    return _of_type(schema, element.get("type", ""), attribute)


def _of_type(schema: etree._Element, type_name: str, attribute: str) -> str:
    prefix, _, name = type_name.rpartition(":")
    schema = _file(schema.nsmap[prefix or None])
    found = schema.find(f"{XS}complexType[@name='{name}']")
    assert found is not None, type_name
    own = found.find(f".//{XS}attribute[@name='{attribute}']")
    if own is not None:
        return own.get("default", "")
    extension = found.find(f".//{XS}extension")
    assert extension is not None, (type_name, attribute)
    return _of_type(schema, extension.get("base", ""), attribute)


@lru_cache(maxsize=32)
def _file(uri: str) -> etree._Element:
    return etree.parse(FOLDER / f"{uri.removeprefix(NS)}.xsd", _PARSER).getroot()
