from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cel.library.url import FUNCTIONS, InvalidUrl, is_url, parse_url

from .call import call

WHOLE = "https://user:pass@Example.com:8080/a%20b/c?x=1&y=2&x=3#part"


def test_a_url_has_its_parts() -> None:
    url = parse_url(WHOLE)
    assert (url.scheme, url.host, url.hostname, url.port) == (
        "https",
        "Example.com:8080",
        "Example.com",
        "8080",
    )
    assert (url.path, url.queries) == ("/a%20b/c", {"x": ["1", "3"], "y": ["2"]})


@pytest.mark.parametrize(
    ("text", "hostname", "port"),
    [("http://[::1]:80/x", "::1", "80"), ("http://a", "a", ""), ("/path", "", ""), ("mailto:x@y", "", "")],
)
def test_a_port_is_what_comes_after_the_host(text: str, hostname: str, port: str) -> None:
    url = parse_url(text)
    assert (url.hostname, url.port) == (hostname, port)


@pytest.mark.parametrize(
    ("path", "escaped"),
    [
        ("/a b", "/a%20b"),
        ("/é", "/%C3%A9"),
        ("/!*'()[]", "/!*'()[]"),
        ("/!{}", "/%21%7B%7D"),
        ("/%41%2f", "/%41%2f"),
        ("", ""),
    ],
)
def test_a_path_is_escaped_where_it_must_be(path: str, escaped: str) -> None:
    assert parse_url(f"http://h{path}").path == escaped


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("", {}),
        ("a=1+2&b", {"a": ["1 2"], "b": [""]}),
        ("a=%zz&b=1;c&=x&d=%C3%A9", {"": ["x"], "d": ["é"]}),
    ],
)
def test_what_is_no_pair_is_left_out_of_a_query(query: str, values: dict[str, list[str]]) -> None:
    assert parse_url(f"http://h?{query}").queries == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty url"),
        ("abc", "invalid URI for request"),
        (":a", "missing protocol scheme"),
        ("http://a b/", 'invalid character " " in host name'),
        ("http://a:b/", 'invalid port ":b" after host'),
        ("http://a:80:90/", 'invalid port ":80:90" after host'),
        ("http://[::1/", "missing ']' in host"),
        ("http://h/%zz", 'invalid URL escape "%zz"'),
        ("http://a%41/", 'invalid URL escape "%41"'),
        ("http://u\\v@h/", "net/url: invalid userinfo"),
        ("http://h/\n", "net/url: invalid control character in URL"),
    ],
)
def test_what_is_no_url_says_why(text: str, why: str) -> None:
    assert call(FUNCTIONS, "is_url_string", text) is False
    wanted = f'error: URL parse error during conversion from string: parse "{text}": {why}'
    assert call(FUNCTIONS, "string_to_url", text) == wanted


@given(st.text("aé:/?#[]@%2f &;=.-1\\", max_size=14) | st.text(max_size=8))
def test_whatever_is_read_is_a_url_or_refused(text: str) -> None:
    try:
        url = parse_url(text)
    except InvalidUrl:
        return
    assert is_url(text)
    assert url.path.isascii()
    assert call(FUNCTIONS, "url_get_escaped_path", url) == url.path
