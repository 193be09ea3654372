"""Words in the driver's language: gettext catalogues, clock times, amounts and distances."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations, translation
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "de")
MINUTE_S = 60
HOUR_S = 3600
KM_FROM_M = 1000
WHOLE_UNITS = ("box", "pallet", "cage")


@dataclass
class Speech:
    """What one session speaks; changed in place, so that all its tasks change at once."""

    lang: str = "en"
    words: NullTranslations = field(default_factory=NullTranslations)

    def change(self, lang: str) -> None:
        """Speak another language from the next rendering on; unknown ones fall to English."""
        self.lang = lang if lang in LANGUAGES else "en"
        self.words = translation("app", LOCALES, languages=[self.lang], fallback=True)


# Sessions of several drivers share the process in the browser preview: one Speech per context.
_SPEECH: ContextVar[Speech] = ContextVar("speech")


def speak(lang: str) -> Speech:
    """Begin a session in this language; everything started from here speaks it."""
    speech = Speech()
    speech.change(lang)
    _SPEECH.set(speech)
    return speech


def _(message: str) -> str:
    """The sentence in the session's language."""
    speech = _SPEECH.get(None)
    return message if speech is None else speech.words.gettext(message)


def n_(one: str, many: str, n: int) -> str:
    """The sentence for this number of things, with the number filled in for `{n}`."""
    speech = _SPEECH.get(None)
    words = NullTranslations() if speech is None else speech.words
    return words.ngettext(one, many, n).format(n=n)


def lang() -> str:
    """The language being spoken."""
    speech = _SPEECH.get(None)
    return "en" if speech is None else speech.lang


def local(at_ms: int, offset_s: int) -> datetime:
    """An instant as the wall clock of the run shows it; the phone has no zone database."""
    return datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(seconds=offset_s)


def clock(at_ms: int | None, offset_s: int = 0) -> str:
    """Time of day, `09:05`; an unknown time is a dash."""
    return "–" if at_ms is None else f"{local(at_ms, offset_s):%H:%M}"


def day(at_ms: int, offset_s: int = 0) -> str:
    """Date without year, in the order the language uses."""
    moment = local(at_ms, offset_s)
    return f"{moment:%d.%m.}" if lang() == "de" else f"{moment:%d/%m}"


def span(seconds: int) -> str:
    """A countdown, `04:12`; hours only when there are some."""
    left = abs(seconds)
    hours, rest = divmod(left, HOUR_S)
    minutes, secs = divmod(rest, MINUTE_S)
    text = f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes:02}:{secs:02}"
    return f"−{text}" if seconds < 0 else text


def age(seconds: int) -> str:
    """How old something is, in the largest unit that fits."""
    if seconds < MINUTE_S:
        return _("{n} s old").format(n=max(0, seconds))
    if seconds < HOUR_S:
        return _("{n} min old").format(n=seconds // MINUTE_S)
    return _("{n} h old").format(n=seconds // HOUR_S)


def minutes(seconds: int) -> str:
    """A duration in whole minutes."""
    return _("{n} min").format(n=round(seconds / MINUTE_S))


def distance(metres: float) -> str:
    """Metres below one kilometre, else kilometres with one decimal."""
    if metres < KM_FROM_M:
        return f"{round(metres)} m"
    text = f"{metres / KM_FROM_M:.1f} km"
    return text.replace(".", ",") if lang() == "de" else text


def _whole(n: int, unit: str) -> str:
    """Whole things of a unit everybody knows, in the language spoken."""
    return {
        "box": n_("{n} box", "{n} boxes", n),
        "pallet": n_("{n} pallet", "{n} pallets", n),
        "cage": n_("{n} cage", "{n} cages", n),
    }[unit]


def amount(value: float, unit: str = "") -> str:
    """A quantity without useless decimals, with its unit if there is one."""
    if unit in WHOLE_UNITS and value == int(value):
        return _whole(int(value), unit)
    text = f"{value:g}"
    text = text.replace(".", ",") if lang() == "de" else text
    return f"{text} {unit}".strip()
