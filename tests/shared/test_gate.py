"""What may pass the gate of every wire."""

import pytest

from shared.gate import JSON_MAX_DEPTH, Unfit, clean, parse_json


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b'{"a":1e999}', "too large"),
        (b'{"a":9223372036854775808}', "64 bits"),
        (b'{"a":"\\u0000"}', "control"),
        (b'{"a":"\\ud800"}', "control"),
        (b'{"\\u0007":1}', "control"),
        (b'{"a":[{"b":"\\b"}]}', "control"),
        (b'["\\r"]', "control"),
        (b'["\x7f"]', "control"),
        (b'["\x07"]', "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 17 + b"]" * 17, "deeper"),
        (b"[" * 100_000, "deeper"),
    ],
)
def test_a_body_outside_the_rules_is_refused_with_its_reason(body: bytes, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        parse_json(body)


def test_a_body_within_the_rules_passes() -> None:
    deep = b"[" * JSON_MAX_DEPTH + b"]" * JSON_MAX_DEPTH

    assert parse_json(b'{"a":[1,2.5,null,true,"tab\\tline\\n"]}') == {
        "a": [1, 2.5, None, True, "tab\tline\n"]
    }
    assert parse_json(deep)
    assert parse_json(b'["caf\\u00e9 \\\\ud800", 9223372036854775807, -9223372036854775808]') == [
        "café \\ud800",
        2**63 - 1,
        -(2**63),
    ]


def test_typed_text_is_cleaned_instead_of_refused() -> None:
    assert clean("a\x00b\ud800c") == "a�b�c"
    assert clean("long", 2) == "lo"
