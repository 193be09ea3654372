"""Who may see and change places, loops and settings; and what devices are told of a site."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal, Role
from server.core.http import Parts
from server.core.writer import AnyWriter, SnapshotReads
from server.feed import queries as feed
from server.people import queries as people
from server.sites import queries as sites
from server.sites import service
from server.sites.rules import REASONS
from shared.geo import Point
from shared.ids import CarrierId, LocationId
from shared.refusals import Refusal
from shared.site import Location
from tests.helpers.a_site import (
    DISPATCHER,
    NOON,
    SITE,
    SUPERVISOR,
    found_site,
    pair_device,
    publish_loop,
)
from tests.helpers.builders import id_of, text_id
from tests.server.conftest import as_person

PLACE = f"/api/v1/locations/{text_id('mill')}"


def test_a_new_site_gives_its_devices_reasons_and_policy(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)

    rows = reads.run(lambda s: feed.rows_of(s, SITE, "reason"))
    [policy] = reads.run(lambda s: feed.rows_of(s, SITE, "policy"))

    assert {row.id for row in rows} == {one["id"] for one in REASONS}
    assert all({"en", "de"} <= (row.plan or {})["name"].keys() for row in rows)
    assert {row.scope for row in (*rows, policy)} == {"site"}
    assert (policy.plan or {})["tz"] == "Europe/Berlin"


def test_a_changed_place_reaches_devices_that_know_it(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    mill = LocationId(id_of("mill"))
    writer.run(lambda s: len(service.show_to_devices(s, SITE, [mill])))
    writer.run(
        lambda s: service.change_location(s, SUPERVISOR, mill, {"note": "Ring twice"}, now=NOON)
    )

    [row] = reads.run(lambda s: feed.rows_of(s, SITE, "location"))

    assert (row.plan or {})["note"]["text"] == "Ring twice"
    assert (row.plan or {})["note"]["by"] == "Anna"


def test_a_dispatcher_writes_notes_and_nothing_else(writer: AnyWriter) -> None:
    found_site(writer)
    mill = LocationId(id_of("mill"))

    def change(**given: str) -> None:
        writer.run(lambda s: service.change_location(s, DISPATCHER, mill, given, now=NOON))

    change(note="Gate code changed")
    with pytest.raises(Refusal) as refused:
        change(name="Another mill")

    assert refused.value.code == "not_allowed"


def test_two_places_within_ten_metres_are_neighbours(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    mill = reads.run(lambda s: sites.location(s, SITE, id_of("mill")))
    assert mill.lat is not None
    assert mill.lon is not None
    near = Point(lat=mill.lat + 0.00005, lon=mill.lon)
    far = Point(lat=mill.lat + 0.0005, lon=mill.lon)

    assert reads.run(lambda s: sites.neighbours(s, SITE, near)) == [id_of("mill")]
    assert reads.run(lambda s: sites.neighbours(s, SITE, far)) == []


def test_a_place_goes_through_the_database_unchanged(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    given = Location.model_validate(
        {
            "kind": "supplier",
            "name": "Huber GmbH",
            "ref": "S-7",
            "address": "Hauptstraße 7",
            "lat": 51.1,
            "lon": 12.2,
            "geofence_m": 120,
            "windows": [{"days": 31, "start_local": "06:30", "end_local": "07:30"}],
            "service_fixed_s": 600,
            "access": {"max_height_m": 3.5, "vehicle_classes": ["van"], "side": "left"},
            "contact": {"name": "Herr Huber", "phone": "0341 1"},
        }
    )

    row = writer.run(lambda s: service.add_location(s, SUPERVISOR, given, now=NOON))

    stored = reads.run(lambda s: sites.as_location(sites.location(s, SITE, row.id)))
    assert stored == given


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("role", "answers"),
    [
        (Role.PLANNER, {"locations": 4, "loops": 1, "settings": 200, "change": 200, "set": 403}),
        (Role.DISPATCHER, {"locations": 4, "loops": 1, "settings": 200, "change": 403, "set": 403}),
        (Role.CARRIER_MANAGER, {"locations": 403, "loops": 403, "settings": 403, "change": 403,
                                "set": 403}),
    ],
)  # fmt: skip
async def test_each_role_sees_and_changes_what_the_matrix_says(
    app: FastAPI,
    parts: Parts,
    person: Callable[..., Principal],
    *,
    role: Role,
    answers: dict[str, int],
) -> None:
    found_site(parts.writer)
    publish_loop(parts.writer)
    carrier = CarrierId(id_of("carrier")) if role is Role.CARRIER_MANAGER else None
    async with (
        app.router.lifespan_context(app),
        as_person(app, person("Pat", role, carrier_id=carrier)) as pat,
    ):
        found = {
            "locations": await _count(pat, "locations"),
            "loops": await _count(pat, "loops"),
            "settings": (await pat.get("/api/v1/settings")).status_code,
            "change": (await pat.patch(PLACE, json={"name": "New mill"})).status_code,
            "set": (await pat.patch("/api/v1/settings", json={"keep_s": 1})).status_code,
        }

    assert found == answers


async def _count(asking: AsyncClient, kind: str) -> int:
    """How many there are, or the status of the refusal."""
    answer = await asking.get(f"/api/v1/{kind}")
    return len(answer.json()["items"]) if answer.status_code == 200 else answer.status_code


@pytest.mark.anyio
@pytest.mark.parametrize(
    "kind", ["locations", "loops", "devices", "exceptions", "andons", "empties"]
)
async def test_a_carrier_is_refused_what_cannot_be_narrowed_to_its_own(
    app: FastAPI, parts: Parts, person: Callable[..., Principal], kind: str
) -> None:
    found_site(parts.writer)
    pair_device(parts.writer, "Van 4")
    theirs = person("Cara", Role.CARRIER_MANAGER, carrier_id=CarrierId(id_of("carrier")))
    async with app.router.lifespan_context(app), as_person(app, theirs) as cara:
        assert await _count(cara, kind) == 403
    assert parts.reads.run(lambda s: people.devices(s, theirs)) == []
