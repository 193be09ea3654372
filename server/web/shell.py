"""The frame around every page: where one can go, who is signed in, what everybody must know."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.backup import service as backup
from server.backup.rules import GREEN, RED
from server.backup.wording import sentence
from server.core.access import Principal, reaches
from server.core.settings import Settings
from server.core.words import _
from server.feed import queries as feed
from server.people import queries as people
from server.sites import queries as sites
from server.sync import queries as sync
from server.web import formats
from server.web.devices_view import unsent_devices

# The demo has the same ids on every machine; a test compares this with the demo's own.
DEMO_SITE = UUID("01a05a43-fc00-7fd6-b4d0-571f496dde12")


@dataclass(frozen=True)
class Item:
    """One entry of the navigation; `tab` stands in the bar of a phone as well."""

    path: str
    name: str
    icon: str
    resource: str
    main: bool = True
    tab: bool = False
    verb: str = "read"


@dataclass(frozen=True)
class Banner:
    """Something everybody must know as long as it is so."""

    kind: str
    text: str


@dataclass(frozen=True)
class Shell:
    """What the frame shows."""

    site_name: str
    tz: str
    now: datetime
    now_ms: int
    here: str
    user: str
    roles: str
    nav: tuple[Item, ...]
    banners: tuple[Banner, ...]
    exceptions: int
    unsent: int

    @property
    def times(self) -> formats.Times:
        """Instants as the site's clocks show them."""
        return formats.Times(self.tz)


def items() -> tuple[Item, ...]:
    """Every page that has an entry, in the order of the day."""
    return (
        Item("/today", _("Today"), "today", "board", tab=True),
        Item("/plant", _("Plant"), "plant", "runs", tab=True),
        Item("/proofs", _("Proofs"), "proofs", "proofs", tab=True),
        Item("/loops", _("Loops"), "loops", "loops", tab=True),
        Item("/held", _("To decide"), "info", "facts", verb="held"),
        Item("/devices", _("Devices"), "device", "devices", main=False),
        Item("/people", _("People"), "people", "drivers", main=False),
        Item("/vehicles", _("Vehicles"), "van", "fleet", main=False),
        Item("/locations", _("Locations"), "pin", "places", main=False),
        Item("/cards", _("Cards"), "tugger", "kanban", main=False),
        Item("/imports", _("Imports"), "import", "import", main=False),
    )


def role_names() -> dict[str, str]:
    """What each role is called."""
    return {
        "supervisor": _("Supervisor"),
        "planner": _("Planner"),
        "dispatcher": _("Dispatcher"),
        "carrier_manager": _("Carrier manager"),
        "driver": _("Driver"),
    }


def shell_of(
    session: Session, who: Principal, settings: Settings, now: datetime, *, here: str
) -> Shell:
    """Read what the frame needs."""
    site = sites.site(session, who.site_id)
    names = role_names()
    return Shell(
        site_name=site.name,
        tz=site.tz,
        now=now,
        now_ms=formats.to_ms(now) or 0,
        here="/" + here.strip("/").split("/")[0],
        user=who.name,
        roles=", ".join(sorted(names.get(role.value, role.value) for role in who.roles)),
        nav=tuple(item for item in items() if reaches(who, item.resource, item.verb)),
        banners=(
            *_spoilt(session, who),
            *_banners(session, settings, formats.to_ms(now) or 0, demo=who.site_id == DEMO_SITE),
        ),
        exceptions=len(feed.exceptions(session, who.site_id, carrier_id=who.carrier_id)),
        unsent=unsent_devices(people.devices(session, who)),
    )


def _spoilt(session: Session, who: Principal) -> tuple[Banner, ...]:
    """What the nightly scrub found different from what it must be."""
    last = sync.last_scrub(session, who.site_id)
    if last is None or not last.differences:
        return ()
    names = {
        "fact": _("entries"),
        "file": _("files"),
        "visit": _("results of stops"),
        "feed": _("rows of devices"),
    }
    kinds = {names.get(one["kind"], one["kind"]) for one in last.differences}
    text = _("Stored data has changed by itself ({what}). Restore a backup and look at the disk.")
    return (Banner("bad", text.format(what=", ".join(sorted(kinds)))),)


def _banners(
    session: Session, settings: Settings, now_ms: int, *, demo: bool
) -> tuple[Banner, ...]:
    found = []
    if demo:
        found.append(Banner("going", _("Demo data: vehicles, people and places are made up.")))
    if settings.durability == "none":
        found.append(
            Banner(
                "warn",
                _("No backup is set up: what devices send is stored once, on this server only."),
            )
        )
    else:
        found += _protection(session, settings, now_ms)
    return tuple(found)


def _protection(session: Session, settings: Settings, now_ms: int) -> list[Banner]:
    """What is wrong with the server's backups, the gravest alone."""
    health = backup.protection(session, settings, now_ms)
    if health.light != GREEN:
        return [Banner("bad" if health.light == RED else "warn", sentence(health))]
    if backup.on_same_disk(settings):
        return [Banner("warn", _("The backup lies on the same disk as the data."))]
    return []
