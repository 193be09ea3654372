"""The pre-departure gate: what stops a dispatch, and what somebody should know: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from server.core.words import _, ngettext
from shared.site import Location
from shared.task import Amount

BLOCK, WARN = "block", "warn"
GOOD_PRECISION = frozenset({"", "given", "rooftop", "house", "exact", "proof"})


class GateItem(NamedTuple):
    """One finding: its name, `block` or `warn`, and the sentence a person reads."""

    item: str
    level: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Called:
    """What the gate knows of the vehicle."""

    name: str
    vehicle_class: str
    height_m: float | None
    skills: frozenset[str]
    service_due: date | None


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything the gate looks at, read from rows before."""

    places: Sequence[Location]
    needs_points: bool
    unreachable: Sequence[str]
    """Stops whose window is over before the quickest way there ends, or that are closed."""
    vehicle: Called | None
    has_driver: bool
    driver_skills: frozenset[str]
    needed_skills: Mapping[str, Iterable[str]]
    clashes: Sequence[str]
    peak: Amount = ()
    capacity: Amount = ()
    partial_load: float = 0.0
    devices: int = 0
    plan_seen: bool = True
    service_date: date = field(default=date.min)


def items(run: Checked) -> list[GateItem]:
    """Blocks first, then warnings, each in a fixed order."""
    found = [*_places(run), *_vehicle(run), *_people(run), *_load(run), *_devices(run)]
    return sorted(found, key=lambda one: one.level != BLOCK)


def _places(run: Checked) -> list[GateItem]:
    found = []
    lost = [place.name for place in run.places if place.point() is None]
    if run.needs_points and lost:
        text = _("Without coordinates: {names}.").format(names=_names(lost))
        found.append(GateItem("no_coordinate", BLOCK, text))
    if run.unreachable:
        text = _("Cannot be reached in its window: {names}.").format(names=_names(run.unreachable))
        found.append(GateItem("window_impossible", BLOCK, text))
    coarse = [p.name for p in run.places if p.geocode_precision.lower() not in GOOD_PRECISION]
    if coarse:
        text = _("The position is only roughly known: {names}.").format(names=_names(coarse))
        found.append(GateItem("coarse_position", WARN, text))
    return found


def _vehicle(run: Checked) -> list[GateItem]:
    if run.vehicle is None:
        return [GateItem("no_vehicle", BLOCK, _("No vehicle is assigned."))]
    found = []
    refused = [place.name for place in run.places if not _lets_in(place, run.vehicle)]
    if refused:
        text = _("{vehicle} is not allowed at: {names}.")
        sentence = text.format(vehicle=run.vehicle.name, names=_names(refused))
        found.append(GateItem("access", BLOCK, sentence))
    if run.vehicle.service_due is not None and run.vehicle.service_due <= run.service_date:
        text = _("{vehicle} is due for service.").format(vehicle=run.vehicle.name)
        found.append(GateItem("service_due", WARN, text))
    return found


def _lets_in(place: Location, vehicle: Called) -> bool:
    access = place.access
    if access is None:
        return True
    classes = {one.lower() for one in access.vehicle_classes}
    if classes and vehicle.vehicle_class.lower() not in classes:
        return False
    if access.max_height_m is None or vehicle.height_m is None:
        return True
    return vehicle.height_m <= access.max_height_m


def _people(run: Checked) -> list[GateItem]:
    found = []
    have = run.driver_skills | (run.vehicle.skills if run.vehicle else frozenset())
    lacking = sorted(
        f"{name} ({skill})"
        for name, skills in run.needed_skills.items()
        for skill in skills
        if skill not in have
    )
    if lacking and run.has_driver:
        text = _("A skill is missing for: {names}.").format(names=_names(lacking))
        found.append(GateItem("missing_skill", BLOCK, text))
    if run.clashes:
        text = _("Vehicle or driver is also on: {names}.").format(names=_names(run.clashes))
        found.append(GateItem("double_booked", BLOCK, text))
    if not run.has_driver:
        found.append(GateItem("no_driver", WARN, _("No driver is assigned.")))
    return found


def _load(run: Checked) -> list[GateItem]:
    shares = [have / room for have, room in zip(run.peak, run.capacity, strict=True) if room]
    shares += [2.0 for have, room in zip(run.peak, run.capacity, strict=True) if have and not room]
    most = max(shares, default=None)
    if most is None or not any(run.peak):
        return []
    if most > 1:
        text = _("Overloaded: {percent} % of what fits.").format(percent=round(most * 100))
        return [GateItem("overload", BLOCK, text)]
    if most < run.partial_load:
        text = _("Hardly loaded: {percent} % of what fits.").format(percent=round(most * 100))
        return [GateItem("underload", WARN, text)]
    return []


def _devices(run: Checked) -> list[GateItem]:
    found = []
    if run.devices == 0:
        found.append(GateItem("no_device", WARN, _("No device will show this run yet.")))
    if not run.plan_seen:
        text = _("The driver has not seen the newest plan.")
        found.append(GateItem("plan_not_seen", WARN, text))
    return found


def _names(names: Sequence[str]) -> str:
    """The first few names; who wants all of them looks at the run."""
    shown, more = list(names[:3]), len(names) - 3
    if more > 0:
        shown.append(ngettext("{n} more", "{n} more", more).format(n=more))
    return ", ".join(shown)
