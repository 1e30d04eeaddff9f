"""URLs, as Go reads them.

Source: Kubernetes `apiserver/pkg/cel/library/urls.go` and `cost.go`; Go `net/url`.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from cod.cel.functions import EvaluationError, Function, Overload
from cod.cel.library.declare import COPYING, function, method
from cod.cel.types import BOOL, STRING, URL, Type, list_of, map_of

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_IN_SCHEME = _LETTERS | frozenset("0123456789+-.")
_IN_USER = _PLAIN | frozenset("-._:~!$&'()*+,;=%@")
_IN_HOST = _PLAIN | frozenset("!$&'()*+,;=:[]<>\"")
_IN_PATH = _PLAIN | frozenset("$&+,/:;=@")  # what a path has as it is when Go writes it
_RIGHT_IN_PATH = _IN_PATH | frozenset("!'()*[]%")  # what it may have when it is read
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


class InvalidUrl(Exception):
    """A text that is no URL; the text of the error says why, as Go does."""


class Url(Struct, frozen=True):
    """An absolute URL, or a path; the path is as it is escaped, the query as it is written."""

    type: ClassVar[Type] = URL
    scheme: str = ""
    user: str = ""
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""
    opaque: str = ""

    @property
    def _port_at(self) -> int:
        """Where the port's colon stands in the host; -1 if there is none."""
        colon = self.host.rfind(":")
        return colon if colon >= 0 and _is_port(self.host[colon:]) else -1

    @property
    def hostname(self) -> str:
        """The host without its port, and without the brackets of an IPv6 address."""
        name = self.host[: self._port_at] if self._port_at >= 0 else self.host
        return name[1:-1] if name.startswith("[") and name.endswith("]") else name

    @property
    def port(self) -> str:
        """The port, if there is one."""
        return self.host[self._port_at + 1 :] if self._port_at >= 0 else ""

    @property
    def queries(self) -> dict[str, list[str]]:
        """The values of each key; what is no key and value is left out."""
        found: dict[str, list[str]] = {}
        for part in self.query.split("&"):
            key, _, value = part.partition("=")
            if not part or ";" in part:
                continue
            try:
                shown = _unescaped(value.replace("+", " "))
                found.setdefault(_unescaped(key.replace("+", " ")), []).append(shown)
            except InvalidUrl:
                continue
        return found


def parse_url(text: str) -> Url:
    """The URL that a text is: absolute, or a path from `/` on. Raises InvalidUrl."""
    _read(text, is_request=True)
    before, _, fragment = text.partition("#")
    _unescaped(fragment)
    url = _read(before, is_request=False)
    return Url(url.scheme, url.user, url.host, url.path, url.query, fragment, url.opaque)


def _read(text: str, *, is_request: bool) -> Url:
    if any(character < " " or character == "\x7f" for character in text):
        raise InvalidUrl("net/url: invalid control character in URL")
    if not text and is_request:
        raise InvalidUrl("empty url")
    if text == "*":
        return Url(path="*")
    scheme, rest = _cut_scheme(text)
    if rest.endswith("?") and rest.count("?") == 1:
        rest = rest[:-1]
    rest, _, query = rest.partition("?")
    user = host = ""
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme, query=query, opaque=rest)
        if is_request:
            raise InvalidUrl("invalid URI for request")
        if ":" in rest.partition("/")[0]:
            raise InvalidUrl("first path segment in URL cannot contain colon")
    if (scheme or (not is_request and not rest.startswith("///"))) and rest.startswith("//"):
        authority, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        user, host = _cut_authority(authority, scheme)
    return Url(scheme, user, host, _escaped_path(rest), query)


def _cut_scheme(text: str) -> tuple[str, str]:
    for position, character in enumerate(text):
        if character == ":":
            if not position:
                raise InvalidUrl("missing protocol scheme")
            return text[:position].lower(), text[position + 1 :]
        if character not in (_IN_SCHEME if position else _LETTERS):
            break
    return "", text


def _cut_authority(authority: str, scheme: str) -> tuple[str, str]:
    user, _, host = authority.rpartition("@")
    if not all(character in _IN_USER or character > "\x7f" for character in user):
        raise InvalidUrl("net/url: invalid userinfo")
    _unescaped(user)
    return user, _host(host, scheme)


def _host(host: str, scheme: str) -> str:
    if host.startswith("["):
        end = host.rfind("]")
        if end < 0:
            raise InvalidUrl("missing ']' in host")
        port = host[end + 1 :]
    else:
        # Go is strict with HTTP only: elsewhere the port is what comes after the last colon.
        colon = host.find(":") if scheme in ("http", "https") else host.rfind(":")
        port = host[colon:] if colon >= 0 else ""
    if not _is_port(port):
        raise InvalidUrl(f'invalid port "{port}" after host')
    for character in host:
        if character not in _IN_HOST and character != "%" and character < "\x80":
            raise InvalidUrl(f'invalid character "{character}" in host name')
    return _unescaped(host, is_host=True)


def _is_port(text: str) -> bool:
    """Whether a text is nothing, or a colon and maybe digits."""
    return not text or (text[0] == ":" and text.isascii() and (text == ":" or text[1:].isdigit()))


def _unescaped(text: str, *, is_host: bool = False) -> str:
    """The text with each `%41` made what it means. Raises InvalidUrl."""
    first, *parts = text.split("%")
    data = first.encode()
    for part in parts:
        code = part[:2]
        if len(code) < 2 or not _HEXADECIMAL.issuperset(code):
            raise InvalidUrl(f'invalid URL escape "%{code}"')
        if is_host and code < "8" and code != "25":  # only what is not of ASCII may be escaped there
            raise InvalidUrl(f'invalid URL escape "%{code}"')
        data += bytes.fromhex(code) + part[2:].encode()
    return data.decode(errors="replace")


def _escaped_path(path: str) -> str:
    """The path as Go gives it back: as it was written where that is right, else with all escaped anew."""
    _unescaped(path)
    if _RIGHT_IN_PATH.issuperset(path):
        return path
    first, *parts = path.split("%")
    data = first.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in parts)
    return "".join(chr(byte) if chr(byte) in _IN_PATH else f"%{byte:02X}" for byte in data)


def url_of(text: str) -> Url:
    """The URL that a text is."""
    try:
        return parse_url(text)
    except InvalidUrl as invalid:
        what = "URL parse error during conversion from string"
        raise EvaluationError(f'{what}: parse "{text}": {invalid}') from None


def is_url(text: str) -> bool:
    """Whether a text is an absolute URL or a path from `/` on."""
    try:
        _read(text, is_request=True)
    except InvalidUrl:
        return False
    return True


def _text(id_: str, what: str) -> Overload:
    return method(id_, (URL,), STRING, lambda url: getattr(url, what))


_QUERIES = map_of(STRING, list_of(STRING))

FUNCTIONS: tuple[Function, ...] = (
    Function("url", (function("string_to_url", (STRING,), URL, url_of, COPYING),)),
    Function("isURL", (function("is_url_string", (STRING,), BOOL, is_url),)),
    Function("getScheme", (_text("url_get_scheme", "scheme"),)),
    Function("getHost", (_text("url_get_host", "host"),)),
    Function("getHostname", (_text("url_get_hostname", "hostname"),)),
    Function("getPort", (_text("url_get_port", "port"),)),
    Function("getEscapedPath", (_text("url_get_escaped_path", "path"),)),
    Function("getQuery", (method("url_get_query", (URL,), _QUERIES, lambda url: url.queries),)),
)
