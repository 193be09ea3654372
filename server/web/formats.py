"""How times, lengths and amounts are written for people."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.core.words import _


def day_names() -> tuple[str, ...]:
    """Weekdays, Monday first."""
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def month_names() -> tuple[str, ...]:
    """Months, January first."""
    return (
        _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"),
        _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"), _("Dec"),
    )  # fmt: skip


class Times:
    """Instants as a clock at the site shows them."""

    def __init__(self, tz: str) -> None:
        self.zone = ZoneInfo(tz)

    def local(self, at: datetime | int) -> datetime:
        """Turn an instant (or epoch milliseconds) into the site's wall time."""
        instant = ms_to_instant(at) if isinstance(at, int) else at
        return instant.astimezone(self.zone)

    def clock(self, at: datetime | int | None) -> str:
        """Hours and minutes."""
        return "–" if at is None else self.local(at).strftime("%H:%M")

    def long(self, at: datetime | int | None) -> str:
        """Day and time with the zone, for hovering."""
        if at is None:
            return ""
        local = self.local(at)
        return f"{day(local.date())} {local:%Y %H:%M:%S} {local.tzname()}"

    def moment(self, at: datetime | int | None) -> str:
        """Day and time, short."""
        if at is None:
            return "–"
        local = self.local(at)
        return f"{day(local.date())} {local:%H:%M}"

    def today(self, now: datetime) -> date:
        """The date at the site."""
        return now.astimezone(self.zone).date()

    def day_span(self, on: date) -> tuple[datetime, datetime]:
        """Midnight to midnight of a local date, as instants."""
        start = datetime.combine(on, time(), self.zone)
        end = datetime.combine(on + timedelta(days=1), time(), self.zone)
        return start.astimezone(UTC), end.astimezone(UTC)


def ms_to_instant(ms: int) -> datetime:
    """Epoch milliseconds to an aware instant."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(at: datetime | None) -> int | None:
    """An instant to epoch milliseconds."""
    return None if at is None else round(at.timestamp() * 1000)


def iso(at: datetime | int) -> str:
    """An instant for machines."""
    instant = ms_to_instant(at) if isinstance(at, int) else at
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(on: date) -> str:
    """A date with its weekday."""
    names = {"weekday": day_names()[on.weekday()], "month": month_names()[on.month - 1]}
    return _("{weekday} {day} {month}").format(day=on.day, **names)


def long_day(on: date) -> str:
    """A date with its weekday and year."""
    return f"{day(on)} {on.year}"


def span(seconds: float) -> str:
    """A length of time in the largest two units that matter."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _("{n} s").format(n=whole)
    minutes = round(whole / 60)
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    if minutes < 48 * 60:
        return _("{h} h {m}").format(h=minutes // 60, m=f"{minutes % 60:02}")
    return _("{n} days").format(n=minutes // 1440)


def distance(metres: float | None) -> str:
    """Metres, or kilometres where metres say too much."""
    if metres is None:
        return "–"
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def choose(words: Mapping[str, str], key: str | None) -> str:
    """The word for a key, or the key itself."""
    return words.get(key or "", key or "–")
