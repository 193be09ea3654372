"""The oracle stands on its own, reproduces the worked example, and agrees with the shared fold."""

import ast
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calls import fold_card
from shared.chain import canonical
from shared.events import BODIES, Event, read_doc
from shared.run import fold_run, fold_visit
from tests.shared.test_chain import DOC_1, DOC_2, EVENT_1, EVENT_2, values
from tests.sim.oracle import held, plant, visits
from tests.sim.oracle.facts import Said, chains, digest, doc_sha, live, read
from tests.sim.oracle.facts import canonical as second_writer
from tests.sim.oracle_facts import CARD, START, VISIT, Drawn, card_facts, facts

ORACLE = Path(__file__).parent / "oracle"
PERMUTED_MAX = 5


def product(drawn: Sequence[Drawn]) -> list[Event]:
    return [read_doc(event_id, doc) for event_id, doc in drawn]


def oracle(drawn: Sequence[Drawn]) -> list[Said]:
    return [read(event_id, doc) for event_id, doc in drawn]


def test_the_oracle_imports_nothing_but_the_standard_library() -> None:
    """What it shared with the product could be wrong in both."""
    foreign = []
    for path in sorted(ORACLE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign += [f"{path.name}: {name}" for name in names if not allowed(name)]

    assert foreign == []


def allowed(name: str) -> bool:
    own = name == "tests.sim.oracle" or name.startswith("tests.sim.oracle.")
    return own or name.partition(".")[0] in sys.stdlib_module_names


def test_the_oracle_reproduces_the_worked_example() -> None:
    docs = [DOC_1.encode(), DOC_2.encode()]
    rows = [
        ("stop", "01a317c3-b980-7a10-8c21-3f0000000011", 813),
        ("run", "01a317c3-b980-7a10-8c21-3f0000000001", 805),
    ]

    assert [second_writer(json.loads(doc)) for doc in docs] == docs
    assert [len(doc) for doc in docs] == [343, 506]
    assert [doc_sha(doc) for doc in docs] == [
        "ec7052bc4bed06a082db71d1df7b9174cedbabe4e6bb983c77324cf36ed77410",
        "f048ad09b54e037dd0966293ffa6e7f8ace6b68bccda3660355af0c019792eb7",
    ]
    assert chains(zip([EVENT_1, EVENT_2], docs, strict=True)) == [
        "c0701aedc456f8857dd6b261cd15cff8",
        "88886ca6d5286385b80edfa626c6e87e",
    ]
    assert digest(rows) == "c23fb08d323d1f75"


@settings(max_examples=200)
@given(values)
def test_two_writers_write_the_same_bytes(value: object) -> None:
    assert second_writer(value) == canonical(value).encode()


@settings(max_examples=150)
@given(facts())
def test_oracle_and_fold_say_the_same_of_a_visit(drawn: list[Drawn]) -> None:
    folded = fold_visit(product(drawn))

    assert visits.visit_half(oracle(drawn)) == folded.half()
    assert visits.ranks_differ(live(oracle(drawn))) == folded.ranks_differ


@settings(max_examples=120)
@given(facts(visits=(VISIT, START, None)))
def test_oracle_and_fold_say_the_same_of_a_run(drawn: list[Drawn]) -> None:
    assert visits.run_half(oracle(drawn), START) == fold_run(product(drawn), START).half()


@settings(max_examples=120)
@given(card_facts())
def test_oracle_and_fold_say_the_same_of_a_card(drawn: list[Drawn]) -> None:
    said = [
        (one.id, one.aliases, one.opened.event if one.opened else None,
         one.closed.event if one.closed else None)
        for one in fold_card(CARD, product(drawn)).calls
    ]  # fmt: skip

    assert [
        (one.id, one.aliases, one.opened, one.closed) for one in plant.cycles(CARD, oracle(drawn))
    ] == said


@settings(max_examples=25)
@given(facts(), st.randoms(use_true_random=False))
def test_neither_oracle_nor_fold_cares_for_order_and_copies(
    drawn: list[Drawn], random: Random
) -> None:
    some = drawn[:PERMUTED_MAX]
    wanted = visits.visit_half(oracle(some))

    for order in itertools.permutations(some):
        again = [*order, *(random.choices(order, k=2) if order else ())]
        assert visits.visit_half(oracle(again)) == wanted
        assert fold_visit(product(again)).half() == wanted


@given(facts(visits=(VISIT, None)))
def test_the_oracle_can_read_what_the_product_can(drawn: list[Drawn]) -> None:
    assert [held.unreadable(doc) for _, doc in drawn] == [""] * len(drawn)


def test_the_oracle_knows_every_type_of_fact() -> None:
    assert held.REQUIRED.keys() == BODIES.keys()


def test_the_oracle_tells_why_a_doc_cannot_count() -> None:
    odd = json.loads(DOC_1) | {"type": "stop.beamed"}
    bare = json.loads(DOC_2) | {"body": {"lines": []}}

    assert held.unreadable(b"no json") == held.unreadable(b"[]") == "bad_doc"
    assert held.unreadable(json.dumps(odd).encode()) == "unknown_type"
    assert held.unreadable(json.dumps(bare).encode()) == "bad_body"
    assert held.unreadable(DOC_2.encode()) == ""
