"""Reading and writing facts of every type."""

import json

import pytest

from shared.events import BODIES, BadBody, UnknownType, read_doc
from shared.gate import Unfit
from tests.helpers.builders import completed, doc_of, text_id

EVENT = text_id("event")


def as_dict() -> dict[str, object]:
    """A good fact as a dictionary, to be spoilt by a test."""
    whole = json.loads(doc_of(completed()))
    assert isinstance(whole, dict)
    return whole


def read(value: object) -> object:
    """Read a value as if it had come over the wire."""
    return read_doc(EVENT, json.dumps(value).encode())


def test_every_type_of_the_design_has_a_body() -> None:
    assert len(BODIES) == 43
    assert {"stop.completed", "station.done", "andon.raised", "run.claimed"} <= set(BODIES)


def test_fields_of_a_newer_app_are_passed_over() -> None:
    newer = as_dict() | {"weather": "rain"}

    assert read(newer).type == "stop.completed"  # type: ignore[attr-defined]


def test_a_type_of_a_newer_app_is_named() -> None:
    with pytest.raises(UnknownType, match=r"drone\.landed"):
        read(as_dict() | {"type": "drone.landed"})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"body": {}}, "body/proof"),
        ({"body": None}, "body: "),
        ({"hlc": "now"}, "hlc"),
        ({"by": "somebody"}, "by"),
        ({"visit": "BAKERY"}, "visit"),
        ({"blobs": [["00", 1, "image/jpeg", "photo"]]}, "blobs"),
        ({"clk": ["boot", 1]}, "clk"),
    ],
)
def test_a_bad_fact_names_its_field(change: dict[str, object], named: str) -> None:
    with pytest.raises(BadBody, match=named):
        read(as_dict() | change)


@pytest.mark.parametrize("doc", [b"", b"{", b"[]", b"7", b'{"type":1}', b"\xff", b'{"a":1,"a":2}'])
def test_bytes_that_are_no_fact_are_unfit(doc: bytes) -> None:
    with pytest.raises(Unfit):
        read_doc(EVENT, doc)
