"""Names as Kubernetes has them: DNS labels and subdomains, C identifiers, qualified names, keys of labels.

Each `…_flaws` says everything that is wrong with a name, in Kubernetes' words, and nothing where it is right.
A name is looked at once; answers are kept. Source: Kubernetes `k8s.io/apimachinery/pkg/api/validate/content`;
`pkg/apis/resource/validation` for attributes, pools and drivers.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

Flaws = tuple[str, ...]

LONGEST_LABEL = 63
LONGEST_SUBDOMAIN = 253
LONGEST_DRIVER = 63
LONGEST_IDENTIFIER = 32

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_WORD = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_RULES = {
    _LABEL: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must"
    " start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc'",
    _SUBDOMAIN: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'example.com'",
    _IDENTIFIER: "a valid C identifier must start with alphabetic character or '_', followed by a string of"
    " alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName'",
    _WORD: "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with"
    " an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc'",
    f"({_WORD})?": "a valid label must be an empty string or consist of alphanumeric characters, '-', '_'"
    " or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or"
    " '12345'",
}
_compiled = cache(re.compile)  # when first needed: most commands check no name


def is_label(text: str) -> bool:
    """Whether a text is a DNS label: up to 63 lower-case letters, digits and inner dashes (RFC 1123)."""
    return len(text) <= LONGEST_LABEL and _compiled(_LABEL).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def label_flaws(text: str) -> Flaws:
    """What keeps a text from being a DNS label: the name of a device, a request, a counter."""
    return (*_too_long(text, LONGEST_LABEL), *_mismatch(_LABEL, text))


@lru_cache(maxsize=4096)
def subdomain_flaws(text: str) -> Flaws:
    """What keeps a text from being a DNS subdomain: the name of an object, a node, a class."""
    return (*_too_long(text, LONGEST_SUBDOMAIN), *_mismatch(_SUBDOMAIN, text))


@lru_cache(maxsize=4096)
def driver_flaws(text: str) -> Flaws:
    """What keeps a text from being the name of a driver: a short DNS subdomain; capitals are tolerated."""
    if not text:
        return ("the name must not be empty",)
    return (*_too_long(text, LONGEST_DRIVER), *_mismatch(_SUBDOMAIN, text.lower()))


@lru_cache(maxsize=4096)
def pool_flaws(text: str) -> Flaws:
    """What keeps a text from being the name of a pool: DNS subdomains with slashes between them."""
    flaws = [flaw for part in text.split("/") for flaw in subdomain_flaws(part)]
    return tuple(dict.fromkeys([*_too_long(text, LONGEST_SUBDOMAIN), *flaws]))


@lru_cache(maxsize=4096)
def qualified_name_flaws(text: str) -> Flaws:
    """What keeps a text from naming an attribute or a capacity: a C identifier, maybe with a domain."""
    parts = text.split("/")
    if len(parts) > 2:
        return ("must not contain more than one slash",)
    flaws: list[str] = []
    if len(parts) == 2:
        flaws += driver_flaws(parts[0]) if parts[0] else ("the domain must not be empty",)
        if not parts[1]:
            return (*flaws, "the name must not be empty")
    return (*flaws, *_too_long(parts[-1], LONGEST_IDENTIFIER), *_mismatch(_IDENTIFIER, parts[-1]))


@lru_cache(maxsize=4096)
def full_name_flaws(text: str) -> Flaws:
    """What keeps a text from naming an attribute with its domain, as constraints do."""
    flaws = qualified_name_flaws(text)
    if "/" in text:
        return flaws
    return (*flaws, "a fully qualified name must be a domain and a name separated by a slash")


@lru_cache(maxsize=4096)
def label_key_flaws(text: str) -> Flaws:
    """What keeps a text from being the key of a label or a taint: a word, maybe with a subdomain."""
    parts = text.split("/")
    if len(parts) > 2:
        rest = _RULES[_WORD].removeprefix("name part ")
        return (
            f"a qualified name {rest}, regex used for validation is '{_WORD}') with an optional DNS subdomain"
            " prefix and '/' (e.g. 'example.com/MyName')",
        )
    flaws: list[str] = []
    if len(parts) == 2:
        found = subdomain_flaws(parts[0]) if parts[0] else ("must be non-empty",)
        flaws += [f"prefix part {flaw}" for flaw in found]
    if not parts[-1]:
        return (*flaws, "name part must be non-empty")
    too_long = (f"name part {flaw}" for flaw in _too_long(parts[-1], LONGEST_LABEL))
    return (*flaws, *too_long, *_mismatch(_WORD, parts[-1]))


@lru_cache(maxsize=4096)
def label_value_flaws(text: str) -> Flaws:
    """What keeps a text from being the value of a label or a taint; nothing is one."""
    return (*_too_long(text, LONGEST_LABEL), *_mismatch(f"({_WORD})?", text))


def _too_long(text: str, limit: int) -> Flaws:
    length = len(text.encode("utf-8", "surrogatepass"))
    return (f"must be no more than {limit} bytes",) if length > limit else ()


def _mismatch(pattern: str, text: str) -> Flaws:
    if _compiled(pattern).fullmatch(text):
        return ()
    return (f"{_RULES[pattern]}, regex used for validation is '{pattern}')",)
