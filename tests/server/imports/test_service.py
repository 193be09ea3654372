"""Files that are handed in, corrected, taken over and taken back, on both databases."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from server.core.access import Principal, Role, system
from server.core.writer import AnyWriter, SnapshotReads
from server.imports import queries, service
from server.imports.service import Edit
from server.loops import queries as loop_queries
from server.loops import service as loops
from server.sites import queries as sites
from server.sites import service as site_service
from shared.ids import LoopId, SiteId
from shared.loop import Loop
from shared.refusals import Refusal
from shared.site import Location, Site
from tests.helpers.clock import ManualClock

GROCERY = (Path(__file__).parents[2] / "data" / "imports" / "grocery_15.csv").read_bytes()
HEAD = b"ref,name,address,lat,lon\n"
TWO = HEAD + b"1,A,Lane 1,51.1,12.1\n2,B,Lane 2,51.2,12.2\n"


class Desk:
    """A planner with the service in one hand."""

    def __init__(
        self, writer: AnyWriter, reads: SnapshotReads, site: SiteId, clock: ManualClock
    ) -> None:
        self.writer, self.reads, self.site, self.clock = writer, reads, site, clock
        self.who = system(site)
        writer.run(lambda s: site_service.create_site(s, site, Site(name="Test"), now=self.now))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def hand_in(self, content: bytes, kind: Any = "locations", **more: str) -> dict[str, Any]:
        return service.hand_in(
            self.reads, self.writer, self.who, kind, content, now=self.now, **more
        )

    def commit(self, batch: dict[str, Any], **more: bool) -> dict[str, Any]:
        key = UUID(batch["id"])
        return service.commit(self.reads, self.writer, self.who, key, clock=self.clock.now, **more)

    def undo(self, batch: dict[str, Any]) -> dict[str, Any]:
        key = UUID(batch["id"])
        return service.undo(self.reads, self.writer, self.who, key, clock=self.clock.now)

    def correct(self, batch: dict[str, Any], edit: Edit) -> dict[str, Any]:
        key = UUID(batch["id"])
        return service.correct(self.reads, self.writer, self.who, key, edit, now=self.now)

    def names(self) -> list[str]:
        return sorted(row.name for row in self.reads.run(lambda s: sites.page(s, self.site)))

    def loop(self, code: str) -> LoopId:
        given = Loop(code=code, name=code, kind="outbound")
        row = self.writer.run(lambda s: loops.create_loop(s, self.who, given, now=self.now))
        return LoopId(row.id)

    def stops(self, loop: LoopId) -> list[str]:
        def names(session: Any) -> list[str]:
            version = loop_queries.as_version(
                session, loop_queries.versions(session, self.site, loop)[-1]
            )
            places = sites.locations(session, self.site, [one.location_id for one in version.stops])
            return [places[one.location_id].name for one in version.stops]

        return self.reads.run(names)


@pytest.fixture
def desk(writer: AnyWriter, reads: SnapshotReads, site: SiteId, clock: ManualClock) -> Desk:
    """A planner at a new site."""
    return Desk(writer, reads, site, clock)


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
    rows = b"".join(b"%d,S%d,Lane %d,51.%04d,12.1\n" % (n, n, n, n) for n in range(1, 451))

    desk.commit(desk.hand_in(HEAD + rows))

    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == 450


def test_an_import_broken_off_goes_on_where_it_was(desk: Desk) -> None:
    rows = b"".join(b"%d,S%d,Lane %d,51.%04d,12.1\n" % (n, n, n, n) for n in range(1, 301))
    batch = desk.hand_in(HEAD + rows)
    place = Location(kind="customer", name="Meanwhile", ref="250", lat=1.0, lon=1.0)
    row = desk.reads.run(lambda s: queries.batch(s, desk.site, UUID(batch["id"])))
    checked = service.check(desk.reads, desk.who, row)
    desk.writer.run(lambda s: site_service.add_location(s, desk.who, place, now=desk.now))
    with pytest.raises(Refusal):
        service._take(desk.writer, desk.who, row, checked, desk.clock.now)
    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == 201

    done = desk.commit(batch)

    assert done["state"] == "done"
    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == 300
    assert "Meanwhile" not in desk.names()


def test_all_or_nothing_takes_nothing_when_a_row_is_wrong(desk: Desk) -> None:
    batch = desk.hand_in(TWO + b"3,,Lane 3,51.3,12.3\n")

    with pytest.raises(Refusal) as refused:
        desk.commit(batch, all_or_nothing=True)

    assert "Some rows are wrong" in refused.value.sentence()
    assert desk.names() == []


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


def test_two_who_take_one_import_over_do_not_meet(desk: Desk) -> None:
    batch = desk.hand_in(TWO)
    service._begin(desk.writer, desk.who, UUID(batch["id"]), desk.now)

    with pytest.raises(Refusal) as refused:
        desk.commit(batch)
    desk.clock.pass_time(s=61)
    done = desk.commit(batch)

    assert "already" in refused.value.sentence()
    assert done["state"] == "done"


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


def test_undoing_removes_what_was_new_and_restores_what_was_changed(desk: Desk) -> None:
    desk.commit(desk.hand_in(TWO))
    batch = desk.commit(desk.hand_in(TWO.replace(b"Lane 2", b"Road 7") + b"3,C,Lane 3,51.3,12.3\n"))

    undone = desk.undo(batch)

    assert undone["state"] == "undone"
    assert desk.names() == ["A", "B"]
    assert desk.hand_in(TWO)["counts"]["same"] == 2


def test_an_import_whose_places_are_used_is_not_undone(desk: Desk) -> None:
    batch = desk.commit(desk.hand_in(GROCERY))
    desk.loop("GRO")
    desk.commit(desk.hand_in(GROCERY, "stops", loop="GRO"))

    with pytest.raises(Refusal) as refused:
        desk.undo(batch)

    assert "GRO" in refused.value.sentence()
    assert len(desk.names()) == 15


def test_a_place_changed_since_is_not_undone(desk: Desk) -> None:
    desk.commit(desk.hand_in(TWO))
    batch = desk.commit(desk.hand_in(TWO.replace(b"Lane 2", b"Road 7")))
    desk.commit(desk.hand_in(TWO.replace(b"Lane 2", b"Alley 8")))

    with pytest.raises(Refusal):
        desk.undo(batch)


def test_the_same_file_gives_a_loop_its_stops(desk: Desk) -> None:
    desk.commit(desk.hand_in(GROCERY))
    loop = desk.loop("GRO")

    batch = desk.commit(desk.hand_in(GROCERY, "stops", loop="GRO"))

    assert batch["state"] == "done"
    assert desk.stops(loop)[:2] == ["Kornblume Markt Mitte", "Kornblume Markt Nord"]
    assert desk.hand_in(GROCERY, "stops", loop="GRO")["counts"]["same"] == 15


def test_stops_that_were_taken_over_can_be_taken_back(desk: Desk) -> None:
    desk.commit(desk.hand_in(TWO))
    loop = desk.loop("L1")
    desk.commit(desk.hand_in(b"pos,location\n1,1\n", "stops", loop="L1"))
    batch = desk.commit(desk.hand_in(b"pos,location\n1,2\n2,1\n", "stops", loop="L1"))
    assert desk.stops(loop) == ["B", "A"]

    desk.undo(batch)

    assert desk.stops(loop) == ["A"]


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
