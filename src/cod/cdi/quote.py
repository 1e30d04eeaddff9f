"""Quote text as Go does, since the reference's messages carry names in Go's quotes."""

from __future__ import annotations

_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def quote(text: str) -> str:
    r"""Write text as a Go string literal: `a"b` becomes `"a\"b"`.

    Printable characters stay as they are, whatever their script. A byte that is no UTF-8 (a lone surrogate
    of `os.fsdecode`) shows as `\xff`, any other lone surrogate as `\ufffd`.

    What is printable is asked of Python's Unicode tables; Go's may know a few characters more or fewer.
    Source: Go strconv.Quote.
    """
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(map(_escape, text))}"'


def _escape(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if 0xD800 <= code <= 0xDFFF:
        return "\\ufffd"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
