"""The canonical bytes of a fact, the chain of a stream, the digest of rows."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chain import (
    CHAIN_ZERO,
    NotCanonical,
    canonical,
    doc_bytes,
    doc_sha,
    next_chain,
    row_digest,
)
from shared.events import read_doc, write_doc
from shared.gate import SAFE_INT_MAX

EVENT_1 = "01a3185e-24c1-7c3e-9a00-0123456789ab"
DOC_1 = (
    '{"body":{"source":"geofence"},"by":"driver:01a2dcc1-8600-7000-8000-0000000000d7",'
    '"clk":["5d0e7a42",8120000,1800000119874],'
    '"fix":{"acc_m":9,"age_s":2,"lat_e7":481371540,"lon_e7":115761240},"hlc":1800000120001,'
    '"plan_rev":805,"run":"01a317c3-b980-7a10-8c21-3f0000000001","type":"stop.arrived","v":1,'
    '"visit":"01a317c3-b980-7a10-8c21-3f0000000011"}'
)
EVENT_2 = "01a31861-33c2-7f10-8b11-1122334455aa"
DOC_2 = (
    '{"blobs":[["4943c794bf6171701133ff506f2e355af554baecea6b751aa8fd5b074f617706",23,'
    '"image/jpeg","photo"]],"body":{"lines":[["01a317c3-b980-7a10-8c21-3f0000000021",12]],'
    '"note":"Tür 3\\nlinks","proof":{"kind":"delivery","method":"photo","signer":"J. Müller"}},'
    '"by":"driver:01a2dcc1-8600-7000-8000-0000000000d7",'
    '"clk":["5d0e7a42",8320449,1800000320323],"hlc":1800000320450,"plan_rev":805,'
    '"run":"01a317c3-b980-7a10-8c21-3f0000000001","type":"stop.completed","v":1,'
    '"visit":"01a317c3-b980-7a10-8c21-3f0000000011"}'
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE_INT_MAX, SAFE_INT_MAX)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)


def test_the_worked_example_gives_its_hashes() -> None:
    first, second = doc_bytes(DOC_1), doc_bytes(DOC_2)

    chain_1 = next_chain(CHAIN_ZERO, EVENT_1, first)
    chain_2 = next_chain(chain_1, EVENT_2, second)

    assert (len(first), len(second)) == (343, 506)
    assert doc_sha(first) == "ec7052bc4bed06a082db71d1df7b9174cedbabe4e6bb983c77324cf36ed77410"
    assert doc_sha(second) == "f048ad09b54e037dd0966293ffa6e7f8ace6b68bccda3660355af0c019792eb7"
    assert (chain_1, chain_2) == (
        "c0701aedc456f8857dd6b261cd15cff8",
        "88886ca6d5286385b80edfa626c6e87e",
    )


def test_the_worked_example_is_read_and_written_again_byte_for_byte() -> None:
    for event_id, doc in ((EVENT_1, DOC_1), (EVENT_2, DOC_2)):
        event = read_doc(event_id, doc_bytes(doc))

        assert write_doc(event.envelope, event.body) == doc


def test_the_digest_of_rows_ignores_their_order() -> None:
    stop = ("stop", "01a317c3-b980-7a10-8c21-3f0000000011", 813)
    run = ("run", "01a317c3-b980-7a10-8c21-3f0000000001", 805)

    assert row_digest([stop, run]) == row_digest([run, stop]) == "c23fb08d323d1f75"
    assert row_digest([]) == hashlib.sha256(b"").hexdigest()[:16]


@pytest.mark.parametrize(
    "value", [1.5, {"A": 1}, {"": 1}, {1: 2}, SAFE_INT_MAX + 1, "a\x00b", "\ud800", {"a": b"x"}]
)
def test_what_two_writers_could_write_differently_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def second_writer(value: object) -> str:
    """An independent writer of canonical text, letter by letter."""
    if isinstance(value, dict):
        inner = (f"{second_writer(k)}:{second_writer(value[k])}" for k in sorted(value))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(second_writer, value)) + "]"
    if isinstance(value, str):
        short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t"}
        short |= {"\n": "\\n", "\f": "\\f", "\r": "\\r"}
        written = (short.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value)
        return '"' + "".join(written) + '"'
    return {None: "null", True: "true", False: "false"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]


def test_ones_and_truths_are_told_apart() -> None:
    assert canonical([1, True, 0, False]) == "[1,true,0,false]"


@given(values.filter(lambda v: not _has_small_int(v)))
def test_a_second_writer_writes_the_same_bytes(value: object) -> None:
    assert canonical(value) == second_writer(value)
    assert json.loads(canonical(value)) == value


def _has_small_int(value: object) -> bool:
    """0 and 1 equal False and True as dictionary keys of the second writer; told apart above."""
    if isinstance(value, dict):
        return any(map(_has_small_int, value.values()))
    if isinstance(value, list):
        return any(map(_has_small_int, value))
    return isinstance(value, int) and not isinstance(value, bool) and value in (0, 1)
