"""Files that are handed in, corrected and taken over, on both databases."""

from pathlib import Path
from uuid import UUID

import pytest

from server.core.access import Principal, Role
from server.imports import service
from server.imports.service import Edit
from server.loops import queries as loop_queries
from server.sites import queries as sites
from shared.refusals import Refusal
from tests.server.imports.desk import HEAD, TWO, Desk, many

GROCERY = (Path(__file__).parents[2] / "data" / "imports" / "grocery_15.csv").read_bytes()


def test_handing_in_a_file_changes_nothing_yet(desk: Desk) -> None:
    batch = desk.hand_in(GROCERY)

    assert batch["state"] == "checked"
    assert batch["counts"] == {"new": 15, "changed": 0, "same": 0, "wrong": 0, "warning": 0}
    assert batch["options"]["delimiter"] == ","
    assert batch["columns"][0] == {"name": "osm_id", "sample": "m1001 | m1002 | m1003"}
    assert desk.names() == []


def test_a_committed_file_is_there_once_however_often_it_comes(desk: Desk) -> None:
    desk.commit(desk.hand_in(GROCERY))

    again = desk.hand_in(GROCERY)

    assert len(desk.names()) == 15
    assert again["counts"] == {"new": 0, "changed": 0, "same": 15, "wrong": 0, "warning": 0}
    assert desk.commit(again)["state"] == "done"
    assert len(desk.names()) == 15


def test_only_what_differs_is_changed_and_the_rest_of_the_place_stays(desk: Desk) -> None:
    desk.commit(
        desk.hand_in(b"ref,name,address,phone,opening_hours\n1,A,Lane 1,123,Mo-Fr 08:00-17:00\n")
    )

    desk.commit(desk.hand_in(b"ref,name,address\n1,A,New Lane 9\n"))

    [row] = desk.reads.run(lambda s: sites.page(s, desk.site))
    assert (row.address, row.contact and row.contact["phone"]) == ("New Lane 9", "123")
    assert row.windows[0]["start_local"] == "08:00"


def test_more_rows_than_one_work_holds_are_all_taken_over(desk: Desk) -> None:
    desk.commit(desk.hand_in(HEAD + many(450)))

    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == 450


def test_stops_keep_what_a_file_cannot_say(desk: Desk) -> None:
    desk.commit(desk.hand_in(TWO))
    loop = desk.loop("L1")
    desk.commit(desk.hand_in(b"pos,location,window\n1,1,06:00-10:00\n", "stops", loop="L1"))

    desk.commit(desk.hand_in(b"pos,location,service_s\n1,1,300\n", "stops", loop="L1"))

    versions = desk.reads.run(lambda s: loop_queries.versions(s, desk.site, loop))
    [stop] = desk.reads.run(lambda s: loop_queries.as_version(s, versions[-1])).stops
    assert (stop.service_s, len(stop.windows)) == (300, 1)


def test_a_wish_that_is_no_option_is_refused(desk: Desk) -> None:
    batch = desk.hand_in(TWO)

    with pytest.raises(Refusal):
        desk.correct(batch, Edit(options={"colour": "red"}))
    with pytest.raises(Refusal):
        desk.correct(batch, Edit(fixes=[(n, "name", "x") for n in range(service.FIXES_MAX + 1)]))


def test_a_corrected_cell_makes_its_row_good(desk: Desk) -> None:
    batch = desk.hand_in(TWO + b"3,,Lane 3,51.3,12.3\n")
    assert batch["rows"][0]["sentence"] == "The name is missing. Fill it in."

    fixed = desk.correct(batch, Edit(fixes=[(4, "name", "C")]))

    assert fixed["counts"]["wrong"] == 0
    desk.commit(fixed)
    assert desk.names() == ["A", "B", "C"]


def test_a_mapping_by_hand_is_saved_as_a_profile_for_the_next_file(desk: Desk) -> None:
    content = b"what;where\nShop;Lane 1\n"
    batch = desk.hand_in(content)
    assert batch["rows"][0]["row"] == 0

    mapped = desk.correct(
        batch, Edit(mapping={"name": "what", "address": "where"}, save_profile="shops")
    )

    assert mapped["counts"]["new"] == 1
    assert desk.hand_in(content, profile="shops")["counts"]["new"] == 1
    with pytest.raises(Refusal):
        desk.hand_in(content, profile="unknown")


def test_a_file_with_the_columns_of_a_profile_is_read_like_it_without_being_told(
    desk: Desk,
) -> None:
    batch = desk.hand_in(b"what;where\nShop;Lane 1\n")
    edit = Edit(mapping={"name": "what", "address": "where"}, save_profile="shops")
    desk.correct(batch, edit)

    assert desk.hand_in(b"what,where\nOther,Lane 2\n")["counts"]["new"] == 1


def test_a_file_that_is_never_taken_over_is_forgotten_after_a_week(desk: Desk) -> None:
    batch = desk.hand_in(TWO)
    desk.clock.pass_time(days=8)

    desk.hand_in(TWO)

    with pytest.raises(Refusal):
        service.look(desk.reads, desk.who, UUID(batch["id"]))
    assert len(service.newest(desk.reads, desk.who)) == 1


def test_another_separator_reads_the_file_another_way(desk: Desk) -> None:
    batch = desk.hand_in(b"name;address,note\nShop;Lane 1,x\n")

    changed = desk.correct(batch, Edit(options={"delimiter": ","}))

    assert [one["name"] for one in changed["columns"]] == ["name;address", "note"]


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"\xff\xd8\xff", b"PK\x03\x04", b"\x00\x01\x02" * 99]
)
def test_what_is_no_table_is_refused_in_one_sentence(desk: Desk, content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        desk.hand_in(content)

    assert refused.value.code == "bad_file"
    assert refused.value.sentence().startswith("This file cannot be read: ")


def test_the_same_file_gives_a_loop_its_stops(desk: Desk) -> None:
    desk.commit(desk.hand_in(GROCERY))
    loop = desk.loop("GRO")

    batch = desk.commit(desk.hand_in(GROCERY, "stops", loop="GRO"))

    assert batch["state"] == "done"
    assert desk.stops(loop)[:2] == ["Kornblume Markt Mitte", "Kornblume Markt Nord"]
    assert desk.hand_in(GROCERY, "stops", loop="GRO")["counts"]["same"] == 15


@pytest.mark.parametrize("loop", ["", "NONE"])
def test_stops_need_a_loop_that_exists(desk: Desk, loop: str) -> None:
    with pytest.raises(Refusal) as refused:
        desk.hand_in(b"location\n1\n", "stops", loop=loop)

    assert refused.value.code == "bad_input"


def test_who_may_not_import_sees_no_import(desk: Desk) -> None:
    driver = Principal("device", desk.site, roles=frozenset({Role.DRIVER}))

    with pytest.raises(Refusal):
        service.hand_in(desk.reads, desk.writer, driver, "locations", TWO, now=desk.now)


def test_the_export_is_the_same_the_moment_it_comes_back(desk: Desk) -> None:
    desk.commit(desk.hand_in(GROCERY))

    exported = service.export_locations(desk.reads, desk.who)

    assert desk.hand_in(exported)["counts"] == {
        "new": 0,
        "changed": 0,
        "same": 15,
        "wrong": 0,
        "warning": 0,
    }
