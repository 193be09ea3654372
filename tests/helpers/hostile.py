"""Hostile values, and bodies made from OpenAPI in which every field takes its turn with them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

# Raw JSON, so that what no JSON writer would write stands here too.
VALUES: tuple[str, ...] = (
    # numbers
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "1" + "0" * 400, "-0.0", "0.1", "-1", "0",
    "2147483648", "281474976710656", "1.7976931348623157e308", "91", "181.5", "01", "+1", "0x10",
    # texts
    '""', '" "', r'"\u0000"', r'"a\u0000b"', r'"\ud800"', r'"\udc00x"', r'"\ud83d"', r'"\u001b[2J"',
    r'"\u0007"', r'"\r\n"', r'"\t"', r'"\u202e"', r'"\ufeff"', r'"\uffff"', r'"e\u0301"',
    r'"\u2028"', '"\U0001f69a"', '"' + "x" * 201 + '"', '"' + "x" * 501 + '"',
    '"' + "\u00e4" * 2001 + '"', '"' + "x" * 100_000 + '"', '"<script>alert(1)</script>"',
    '"\'; DROP TABLE run; --"', '"{{7*7}}"', '"%s%n%x"', '"../../etc/passwd"', '"=1+1"',
    '"null"', '"1"', '"true"', '"2026-02-30"', '"25:61"', '"2026-03-02T12:00:00Z"', '"0001-01-01"',
    '"9999-12-31"', '"00000000-0000-0000-0000-000000000000"',
    '"01900000-0000-7000-8000-00000000DEAD"', '"{01900000-0000-7000-8000-00000000dead}"',
    '"FREQ=SECONDLY"', '"FREQ=DAILY;COUNT=1000000000"',
    # shapes
    "null", "true", "[]", "{}", "[null]", "[[]]", '{"": 1}', '{"a": 1, "a": 2}',
    r'{"\u0000": 1}', "[" * 17 + "]" * 17, "[" * 5_000 + "]" * 5_000,
    '{"a":' * 20 + "1" + "}" * 20, "[" + "1," * 501 + "1]", "[" + '"x",' * 20_000 + '"x"]',
    # no JSON at all
    "", "undefined", "'x'", "{", "[1,]", '"open', "\x00", '"\x01"', "\udcff", '"\udcff"',
)  # fmt: skip
HERE = "@@here@@"


@dataclass(frozen=True)
class Try:
    """One request: an operation with a body in which one field is hostile."""

    method: str
    url: str
    body: bytes
    where: str


@dataclass
class Known:
    """Things that exist, by the name of the parameter or field that names them."""

    ids: Mapping[str, str]
    texts: Mapping[str, Any] = field(default_factory=dict)

    def of(self, name: str) -> Any:
        """What a field of this name may hold, or None."""
        return self.texts.get(name, self.ids.get(name))


def sample(
    schema: Mapping[str, Any], parts: Mapping[str, Any], known: Known, name: str = ""
) -> Any:
    """A value that fits the schema as well as it can be told from the schema."""
    schema = _resolved(schema, parts)
    given = known.of(name)
    if given is not None and schema.get("type") != "object":
        return given if schema.get("type") != "array" or isinstance(given, list) else [given]
    match schema.get("type"):
        case "object":
            inner = schema.get("properties", {})
            return {key: sample(one, parts, known, key) for key, one in inner.items()}
        case "array":
            items = schema.get("prefixItems") or [schema.get("items", {})]
            return [sample(one, parts, known, name.removesuffix("s")) for one in items]
        case _:
            return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") in ("integer", "number"):
        return int(schema.get("minimum", 1))
    return False if schema.get("type") == "boolean" else _text(schema)


def _resolved(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    while True:
        if "$ref" in schema:
            schema = parts[schema["$ref"].rsplit("/", 1)[-1]]
        elif choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            schema = next(one for one in choices if one.get("type") != "null")
        else:
            return schema


def _text(schema: Mapping[str, Any]) -> str:
    by_format = {"uuid": "01900000-0000-7000-8000-00000000dead", "date": "2026-03-03",
                 "time": "08:00"}  # fmt: skip
    if schema.get("format") in by_format:
        return by_format[schema["format"]]
    return "skip" if "skip" in schema.get("pattern", "") else "x" * schema.get("minLength", 1)


def places(value: Any, at: str = "") -> Iterator[str]:
    """The JSON pointers of everything in a value, itself included."""
    yield at
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, f"{at}/{key}")


def poisoned(value: Any, at: str, raw: str) -> bytes:
    """The value as JSON with raw text at this place."""
    if not at:
        return raw.encode("utf-8", "surrogateescape")
    copy = json.loads(json.dumps(value))
    target = copy
    *path, last = at.split("/")[1:]
    for key in path:
        target = target[int(key) if isinstance(target, list) else key]
    target[int(last) if isinstance(target, list) else last] = HERE
    text = json.dumps(copy, ensure_ascii=False)
    return text.replace(f'"{HERE}"', raw).encode("utf-8", "surrogateescape")


def tries(
    openapi: Mapping[str, Any], known: Known, *, bodies: Mapping[str, Any], each: int
) -> Iterator[Try]:
    """Every field of every operation with some of the values, all values taking turns."""
    values, parts = _for_ever(), openapi["components"]["schemas"]
    for path, methods in sorted(openapi["paths"].items(), key=lambda one: _ends_things(one[0])):
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            name = f"{method} {path}"
            whole = bodies.get(name) or sample(content["schema"], parts, known)
            needed = list(whole) if name in bodies else _needed(content["schema"], parts)
            for at in places(whole):
                body = {key: whole[key] for key in (*needed, *at.split("/")[1:2])}
                for raw in islice(values, each):
                    where = f"{name} {at or '/'} {raw[:40]!r}"
                    yield Try(method, url_of(path, known), poisoned(body, at, raw), where)


def _needed(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> list[str]:
    return list(_resolved(schema, parts).get("required", ()))


def _ends_things(path: str) -> bool:
    return path.endswith(("/cancel", "/recall", "/merge", "/state", "/clear", "{person_id}"))


def _for_ever() -> Iterator[str]:
    while True:
        yield from VALUES


def url_of(path: str, known: Known) -> str:
    for name, value in known.ids.items():
        path = path.replace("{" + name + "}", value)
    return path
