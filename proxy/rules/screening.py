"""Whether free text looks like an identifier of a person. Pure; knows shapes, no registers.

Registrants type numbers of passports, tax and social security into fields that a mode shows. Such
a text is kept back until its registrar says that it may be shown, so whatever is caught wrongly
costs a question, and what is missed is published: in doubt it is caught. Source: contract,
Validation. Loads nothing large, because edges load it with `publication`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_POSSIBLE: Final = re.compile(
    r"[\d@\uff20\ufe6b\xb2\xb3\xb9\u2070-\u2089\u2460-\u24ff\u2776-\u2793]"
)
"""Every shape below has one of these, or a form of one: nearly all names are done with here."""

_BETWEEN: Final = r"[\s()./\\_:,·\u2010-\u2015-]{0,3}"
"""What people put between groups of digits."""

_PHONE_OR_MAIL: Final = r"[^\s@]@[^\s@]|\+\d"

_NUMBERS: Final = (
    # Aadhaar, SSN, CPF, IBAN, cards (Luhn or not), telephones: as many digits as no name has.
    rf"(?:\d{_BETWEEN}){{9,}}",
    r"\d{7,}",
    r"\d{1,2}\.\d{3}\.\d{3}(?!\d)",  # DNI, cédula, RUT
    # A day: of birth, or of issue.
    r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d(?!\d)",
    r"(?<!\d)(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}(?!\d)",
)

_MIXED: Final = (
    # Letters with at least six digits: passports, NIE, NRIC, CURP, codice fiscale, handles.
    r"(?<![^\W_])(?=[^\W_]{7,})(?:[^\W\d_]*\d){6}",
    r"(?<![^\W_])[a-z]{5}\d{4}[a-z](?![^\W_])",  # PAN
    r"(?<![^\W_])[a-z]{2}(?:[ -]?\d\d){3}[ -]?[a-d](?![^\W_])",  # National Insurance number
    r"(?<![^\W_])[a-z]{1,2}\d{6}\(?[\da](?:\)|(?![^\W_]))",  # HKID
)

_WORDS: Final = (
    r"ssn|social security|aadha?ar|uidai|pan(?:card)?|voter ?id|epic|nric|fin|nino"
    r"|national insurance|ni|dni|nie|nif|cpf|cnpj|rg|curp|rfc|rut|run|c[eé]dula|bsn|pesel|nip|cnp"
    r"|egn|oib|jmbg|emso|cpr|hetu|tin|itin|ein|tax|vat|steuer(?:nummer|nr|id)?|svnr|ahv|avs"
    r"|codice fiscale|cf|(?:personal|reise|führer)?(?:ausweis|pass|schein)(?:nummer|nr)?"
    r"|pass(?:port|eport|aporte|aporto)?|pasaporte|passaporto|paszport|licen[cs]e|dl|id|ident|idno"
    r"|identity|cni|nni|insee|nir|mrn|nhs|medicare|sin|iban|konto|account|acct|card|visa"
    r"|tel|tele(?:phone|fon)?|phone|mobile?|mob|handy|whatsapp|dob|born|geb(?:oren)?"
    r"|паспорт|инн|снилс|身份证|護照|护照|旅券|マイナンバー|주민등록|आधार|पैन"
)
_LABELLED: Final = (
    rf"(?<![^\W_])(?:{_WORDS})(?:[ -]?(?:card|no|nr|num|number|nummer|numéro|número|n[°º]))?"
    # Then a number of its kind; a year alone is none.
    r"[\s.:#=№-]{0,4}(?!(?:19|20)\d\d(?!\w))[^\W\d_]{0,5}(?:\d[\s./-]?){4,}"
)

_IDENTIFIER: Final = re.compile(
    "|".join((_PHONE_OR_MAIL, *_NUMBERS, *_MIXED, _LABELLED)), re.IGNORECASE
)

_OBJECT_ID: Final = re.compile(r"[A-Za-z]{0,4}[0-9]+(?:[-_][A-Za-z][A-Za-z0-9]+)+", re.ASCII)
"""The usual form of registry object ids (RFC 5730 s2.8): digits, then the repository's name."""


def looks_personal(text: str) -> bool:
    """Whether `text` has the shape of a mail address or of a number that tells a person."""
    if _POSSIBLE.search(text) is None:
        return False
    if not text.isascii():
        text = _plain(text)
    return _OBJECT_ID.fullmatch(text) is None and _IDENTIFIER.search(text) is not None


def _plain(text: str) -> str:
    """The text as it is read: wide forms as usual ones, and without what nobody sees."""
    return "".join(
        one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf"
    )
