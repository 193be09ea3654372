"""The small words of the language: ids, places, proof levels, codes, loads, refusals."""

from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import kanban
from shared.geo import Point, distance_m
from shared.ids import next_hlc, uuid7, uuid7_row
from shared.load import empties_balance, peak_share, profile
from shared.proof import Evidence, demands, lacking, levels_of
from shared.refusals import CATALOGUE, Later, LookAgain, SignIn, problem_body, refuse
from shared.scan import CardCode, Label, PairLink, Unreadable, card_check, parse_scan, tidy_code


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_id_carries_its_millisecond_and_sorts_by_it(ms: int, noise: bytes) -> None:
    made = uuid7(ms, noise)

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == ms
    assert UUID(str(made)) == made


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_ids_made_together_follow_each_other_and_stay_ids(ms: int, noise: bytes) -> None:
    made = uuid7_row(ms, noise, 300)

    assert [one.int - made[0].int for one in made] == list(range(300))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert {one.int >> 80 for one in made} == {ms}


def test_the_hybrid_clock_only_ever_rises() -> None:
    assert next_hlc(100, 50) == 101
    assert next_hlc(100, 500) == 500


def test_distances_are_those_of_the_sphere() -> None:
    leipzig, halle = Point(lat=51.3397, lon=12.3731), Point(lat=51.4828, lon=11.9697)

    assert distance_m(leipzig, halle) == pytest.approx(32_200, rel=0.01)
    assert distance_m(leipzig, leipzig) == 0


def test_the_stop_decides_over_the_version_and_the_site() -> None:
    levels = levels_of({"photo": "warn"}, {"photo": "off", "note": "warn"}, {"photo": "required"})

    assert (levels["photo"], levels["note"], levels["quantity"]) == ("required", "warn", "optional")
    assert demands(levels) == ("photo", "note")


def test_a_required_photo_is_missing_until_taken_or_excused() -> None:
    levels = levels_of(stop={"photo": "required", "signature": "warn"})

    assert lacking(levels, Evidence()).required == ("photo",)
    assert lacking(levels, Evidence()).warn == ("signature",)
    assert lacking(levels, Evidence(photos=1, signature=True)).required == ()
    assert lacking(levels, Evidence(excuses={"photo": "camera broken"})).required == ()


def test_a_safe_place_always_needs_a_photo() -> None:
    assert lacking(levels_of(), Evidence(drop_point="safe_place")).required == ("photo",)


def test_a_typed_code_may_have_dashes_and_look_alikes() -> None:
    assert tidy_code("7kq2-9fmo il") == "7KQ29FM011"


def test_codes_say_what_they_are() -> None:
    check = card_check("s", "c", 2)

    assert parse_scan("MR1:s:c:2:" + check) == CardCode("s", "c", 2)
    assert parse_scan("MR1:s:c:3:" + check) == Unreadable("card")
    assert parse_scan("milkrun://pair?u=http://x&s=1&c=7kq2m9xh&f=") == PairLink(
        "http://x", "1", "7KQ2M9XH", ""
    )
    assert parse_scan(" P-00001\n") == Label("P-00001")


@given(st.text())
def test_no_code_breaks_the_reader(text: str) -> None:
    parse_scan(text)
    parse_scan("milkrun://pair?" + text)
    parse_scan("MR1:" + text)


def test_a_load_profile_unloads_before_it_loads() -> None:
    assert profile((5, 5), [((2, 0), (0, 1)), ((3, 5), (1, 0))]) == [(5, 5), (3, 6), (1, 1)]
    assert peak_share([(5, 1), (2, 9)], (10, 10)) == 0.9
    assert empties_balance(40, 12, 9) == 43


def test_formulas_of_the_plant_give_their_vectors() -> None:
    assert kanban.trains_needed(30, 20) == 2
    assert kanban.time_utilisation(30, 20, 2) == 0.75
    four = kanban.boxes_per_cycle(3600, 45, 20)
    assert four == Fraction(4)
    assert (kanban.boxes_on_train(four), kanban.boxes_in_loop(four)) == (4, 9)
    slower = kanban.boxes_per_cycle(3600, 55, 20)
    assert (kanban.boxes_on_train(slower), kanban.boxes_in_loop(slower)) == (4, 8)
    assert kanban.kanban_count(80, 1, Fraction(1, 5), 20) == 5
    lot = kanban.lot_per_visit(80, 86_400, Fraction(1, 10))
    assert lot == Fraction(2112)
    assert kanban.boxes_of(lot, 48) == 44
    assert kanban.coverage_s(120, 80) == 5400
    wanted = [kanban.boxes_to_call(h, o, 2, 5) for h, o in ((3, 0), (2, 0), (1, 3), (0, 5))]
    assert wanted == [0, 3, 1, 0]
    assert kanban.allowed_to_leave(4, 5) == 1


def test_every_refusal_has_both_languages_with_the_same_fields() -> None:
    for kind in CATALOGUE.values():
        names = {part.split("}")[0] for part in kind.en.split("{")[1:]}
        assert names == {part.split("}")[0] for part in kind.de.split("{")[1:]}, kind.code
        assert kind.en != kind.de


def test_a_refusal_stands_on_the_branch_of_its_status() -> None:
    assert isinstance(refuse("bad_token"), SignIn)
    assert isinstance(refuse("plan_version", current=7), LookAgain)
    assert isinstance(refuse("busy"), Later)


def test_a_problem_body_names_code_and_sentence() -> None:
    body = problem_body(refuse("plan_version", current=7, members={"current": 7}), "de")

    assert body["code"] == "plan_version"
    assert body["detail"] == "Der Plan wurde inzwischen geändert; er hat jetzt Version 7."
    assert body["current"] == 7
