"""The loops of the demo: three suppliers, twelve stores, two tugger trains on the beat."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from server.demo import fleet, places
from server.demo.keys import demo_id
from server.runs.rules import NewLine
from shared.departure import Departure
from shared.loop import Loop, LoopVersion, Stop
from shared.site import TimeWindow

PLANT_SPEED_M_S = 1.5
MINUTES_PER_DAY = 24 * 60
VISITOR_MINUTES = 20
CALENDAR_ID = demo_id("calendar")


PALLETS = (("WOOD", "Wood panels", 5), ("HARDWARE", "Hardware", 3), ("FABRIC", "Fabric", 5))
PALLET_KG, PALLET_L = 380.0, 2_400.0
CAGE_KG, CAGE_L = 180.0, 900.0


@dataclass(frozen=True)
class Round:
    """A loop with its ordinary version and what a live departure of it is made of."""

    loop: Loop
    version: LoopVersion
    usual: time
    """When its first departure leaves on an ordinary day; windows are told for this."""
    vehicle: UUID | None = None
    driver: UUID | None = None
    goods: tuple[NewLine, ...] = ()
    """What a live run of it carries."""
    spare: UUID | None = None
    """The vehicle of a second departure that waits for a visitor."""
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id from the code."""
        object.__setattr__(self, "id", demo_id(f"loop {self.loop.code}"))

    @property
    def takt(self) -> bool:
        """Whether it leaves on the beat, many times a day."""
        return self.loop.kind == "internal"


def shifted(version: LoopVersion, minutes: int) -> LoopVersion:
    """The version with every window of its stops told so much later, around midnight if need be."""
    stops = tuple(
        stop.model_copy(update={"windows": tuple(_later(one, minutes) for one in stop.windows)})
        for stop in version.stops
    )
    return version.model_copy(update={"stops": stops})


def _later(window: TimeWindow, minutes: int) -> TimeWindow:
    return TimeWindow(
        days=window.days,
        start_local=later(window.start_local, minutes),
        end_local=later(window.end_local, minutes),
    )


def later(at: time, minutes: int) -> time:
    """The wall time so many minutes later, around midnight if need be."""
    return time(*divmod((at.hour * 60 + at.minute + minutes) % MINUTES_PER_DAY, 60))


def minutes_after(usual: time, now: datetime) -> int:
    """How much later than its usual departure a round that leaves now is."""
    return (now.hour * 60 + now.minute - usual.hour * 60 - usual.minute) % MINUTES_PER_DAY


def _stop(place: places.Spot, first: str, last: str, **more: object) -> Stop:
    window = (places.window(first, last),)
    return Stop.model_validate({"location_id": place.id, "windows": window, **more})


def _furniture(anchor: date) -> Round:
    spans = (("06:30", "07:30"), ("07:00", "08:30"), ("07:30", "09:30"))
    stops = tuple(
        _stop(place, first, last, proof={"signature": "required", "photo": "warn"})
        for place, (first, last) in zip(places.SUPPLIERS, spans, strict=True)
    )
    truck, nora = fleet.TRUCK_12T.id, fleet.NORA.id
    version = LoopVersion(
        rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        anchor_date=anchor,
        start_location=places.FURNITURE_PLANT.id,
        end_location=places.FURNITURE_PLANT.id,
        vehicle_class="truck",
        stops=stops,
        departures=(
            Departure(departure_no=1, time_local=time(6), vehicle_id=truck, driver_id=nora),
        ),
    )
    loop = Loop(code="D01", name="Furniture A/B/C", kind="inbound", calendar_id=CALENDAR_ID)
    return Round(loop, version, time(6), truck, nora, _pallets(), fleet.SPARE.id)


def _pallets() -> tuple[NewLine, ...]:
    """Goods that are taken on at each supplier and stay on board to the plant."""
    return tuple(
        NewLine(part_no, qty, name, "pallet", pickup_pos=at, owner=spot.location.name,
                weight_kg=qty * PALLET_KG, volume_l=qty * PALLET_L)
        for at, ((part_no, name, qty), spot) in enumerate(
            zip(PALLETS, places.SUPPLIERS, strict=True))
    )  # fmt: skip


def _groceries(anchor: date) -> Round:
    stops = tuple(
        _stop(place, "05:00", "07:30", proof={"signature": "required", "photo": "optional"})
        for place in places.STORES
    )
    truck, tim = fleet.TRUCK_18T.id, fleet.TIM.id
    version = LoopVersion(
        rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA",
        anchor_date=anchor,
        start_location=places.GROCERY_DEPOT.id,
        end_location=places.GROCERY_DEPOT.id,
        vehicle_class="truck",
        stops=stops,
        departures=(
            Departure(departure_no=1, time_local=time(4, 30), vehicle_id=truck, driver_id=tim),
        ),
    )
    loop = Loop(code="D04", name="Groceries Leipzig–Halle", kind="outbound",
                calendar_id=CALENDAR_ID)  # fmt: skip
    return Round(loop, version, time(4, 30), truck, tim, _cages())


def _cages() -> tuple[NewLine, ...]:
    """Goods that are on board from the depot and dropped at each store."""
    return tuple(
        NewLine("CAGE", qty, "Roll cages", "cage", drop_pos=at, consignee=spot.location.name,
                weight_kg=qty * CAGE_KG, volume_l=qty * CAGE_L)
        for at, (qty, spot) in enumerate(zip(places.CAGES, places.STORES, strict=True))
    )  # fmt: skip


@dataclass(frozen=True)
class Beat:
    """What a tugger round takes: drive and handling follow each other, loading is before."""

    headway_s: int
    drive_s: int
    handling_s: int
    """At each station."""


BEAT_1 = Beat(headway_s=1_200, drive_s=840, handling_s=60)  # + 6 min loading: 30 min a cycle
BEAT_2 = Beat(headway_s=1_800, drive_s=660, handling_s=60)  # + 5 min loading: 24 min a cycle


def _tugger(
    code: str,
    name: str,
    stations: Sequence[places.Spot],
    beat: Beat,
    *,
    trains: Sequence[fleet.Machine],
    anchor: date,
) -> Round:
    leg_s, rest_s = divmod(beat.drive_s, len(stations) + 1)
    leg_m = round(leg_s * PLANT_SPEED_M_S)
    stops = tuple(
        Stop(
            location_id=place.id,
            service_s=beat.handling_s,
            offset_s=no * leg_s + (no - 1) * beat.handling_s,
            leg_m=leg_m,
        )
        for no, place in enumerate(stations, 1)
    )
    version = LoopVersion(
        rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        anchor_date=anchor,
        start_location=places.SUPERMARKET.id,
        end_location=places.SUPERMARKET.id,
        end_offset_s=beat.drive_s + len(stations) * beat.handling_s,
        end_leg_m=leg_m + round(rest_s * PLANT_SPEED_M_S),
        vehicle_class="tugger",
        vehicle_ids=tuple(train.id for train in trains),
        driver_order="off",
        resequence_mode="locked",
        stops=stops,
        departures=(
            Departure(base_no=1, first_local=time(6), last_local=time(22),
                      headway_s=beat.headway_s),
        ),
    )  # fmt: skip
    loop = Loop(code=code, name=name, kind="internal")
    return Round(loop, version, time(6))


def rounds(anchor: date) -> tuple[Round, ...]:
    """All loops, their rules counted from this date."""
    return (
        _furniture(anchor),
        _groceries(anchor),
        _tugger(
            "T1", "Assembly round", places.STATIONS_1, BEAT_1, trains=fleet.TUGGERS_1, anchor=anchor
        ),
        _tugger(
            "T2", "Body round", places.STATIONS_2, BEAT_2, trains=(fleet.TUGGER_2,), anchor=anchor
        ),
    )


def from_now(round_: Round, now: datetime, *, hours: int = 8) -> tuple[Departure, ...]:
    """Departures of the round from this minute of the site on.

    On the beat it goes on for hours; else one leaves now, and where there is a spare vehicle a
    second one, without driver, waits for a visitor. Numbers follow from the minute, so that two
    starts never share one.
    """
    number = (now.hour * 100 + now.minute) * 10
    at = time(now.hour, now.minute)
    if not round_.takt:
        first = Departure(departure_no=number, time_local=at, vehicle_id=round_.vehicle,
                          driver_id=round_.driver)  # fmt: skip
        return (first, *_for_visitor(round_, at, number + 1))
    headway_s = round_.version.departures[0].headway_s
    end = later(at, hours * 60)
    return (Departure(base_no=number, first_local=at, last_local=end, headway_s=headway_s),)


def _for_visitor(round_: Round, at: time, number: int) -> tuple[Departure, ...]:
    if round_.spare is None:
        return ()
    leaves = later(at, VISITOR_MINUTES)
    over = int(leaves < at)
    return (Departure(departure_no=number, time_local=leaves, day_offset=over,
                      vehicle_id=round_.spare),)  # fmt: skip
