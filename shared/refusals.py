"""Everything the server may refuse, with its status and the sentence a person reads.

Refusal                        has code, status, sentence (en, de), fields for the sentence
├── FixTheSender   400 408 413 415 422   the request itself is wrong
├── SignIn         401                   who are you?
├── NotForYou      403 404               foreign and absent look the same
├── LookAgain      409                   the world has moved on
├── SendAgain      460                   the bytes did not arrive as declared
└── Later          429 503 507           the same request may succeed later (Retry-After)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = str | int


@dataclass(frozen=True)
class Kind:
    """One row of the catalogue: machine name, HTTP status, title and sentences with {fields}."""

    code: str
    status: int
    title: str
    en: str
    de: str


class Refusal(Exception):
    """A request that cannot be done, said so that the reader knows what to do.

    `errors` are pairs of JSON pointer and sentence; `members` are further members of the body.
    """

    retry_after_s: int | None = None

    def __init__(
        self,
        code: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        members: Mapping[str, object] | None = None,
        **fields: Value,
    ) -> None:
        kind = CATALOGUE[code]
        super().__init__(kind.code)
        self.kind = kind
        self.errors = tuple(errors)
        self.members = dict(members or {})
        self.fields = fields

    @property
    def code(self) -> str:
        """Machine name that devices and the board act on."""
        return self.kind.code

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.kind.status

    def sentence(self, lang: str = "en") -> str:
        """What a person reads, in English or German."""
        text = self.kind.de if lang == "de" else self.kind.en
        return text.format_map(self.fields)


class FixTheSender(Refusal):
    """The request itself is wrong; sending it again unchanged will not help."""


class SignIn(Refusal):
    """Nobody we know is asking."""


class NotForYou(Refusal):
    """Not allowed, or not there: for the asker the same."""


class LookAgain(Refusal):
    """Something changed meanwhile; load it again and decide anew."""


class SendAgain(Refusal):
    """The bytes differ from what was declared; send them again."""


class Later(Refusal):
    """The same request may succeed later."""

    def __init__(
        self,
        code: str,
        *,
        retry_after_s: int = 5,
        errors: Sequence[tuple[str, str]] = (),
        members: Mapping[str, object] | None = None,
        **fields: Value,
    ) -> None:
        super().__init__(code, errors=errors, members=members, **fields)
        self.retry_after_s = retry_after_s


_ROWS = (
    Kind("bad_envelope", 400, "Bad Request", "The request has a wrong form: {why}", "Die Anfrage hat eine falsche Form: {why}"),
    Kind("too_slow", 408, "Request Timeout", "The request took too long to arrive.", "Die Anfrage kam zu langsam an."),
    Kind("too_large", 413, "Content Too Large", "This is larger than the {max_bytes} bytes allowed.", "Das ist größer als die erlaubten {max_bytes} Bytes."),
    Kind("bad_encoding", 415, "Unsupported Media Type", "Send it as {wanted}.", "Bitte als {wanted} senden."),
    Kind("bad_input", 422, "Unprocessable Content", "Please correct the marked fields: {why}", "Bitte die markierten Felder korrigieren: {why}"),
    Kind("bad_file", 422, "Unprocessable Content", "This file cannot be read: {why}", "Diese Datei ist nicht lesbar: {why}"),
    Kind("bad_state", 409, "Conflict", "Not possible now: {why}", "Jetzt nicht möglich: {why}"),
    Kind("locked_stop", 409, "Conflict", "{stop} is finished or being served; its place cannot change.", "{stop} ist erledigt oder wird gerade bedient; der Platz ist fest."),
    Kind("gate_blocked", 409, "Conflict", "The departure is blocked: {why}", "Die Abfahrt ist gesperrt: {why}"),
    Kind("bad_code", 401, "Unauthorized", "This code is wrong, used or expired. Ask the office for a new one.", "Dieser Code ist falsch, benutzt oder abgelaufen. Bitte im Büro einen neuen holen."),
    Kind("bad_sign_in", 401, "Unauthorized", "Name or password is wrong.", "Name oder Passwort ist falsch."),
    Kind("bad_token", 401, "Unauthorized", "Please sign in.", "Bitte anmelden."),
    Kind("token_expired", 401, "Unauthorized", "The sign-in has expired. Please pair or sign in again.", "Die Anmeldung ist abgelaufen. Bitte neu koppeln oder anmelden."),
    Kind("device_retired", 401, "Unauthorized", "This device was retired by the office.", "Dieses Gerät wurde vom Büro stillgelegt."),
    Kind("device_stolen", 401, "Unauthorized", "This device was locked by the office.", "Dieses Gerät wurde vom Büro gesperrt."),
    Kind("not_allowed", 403, "Forbidden", "Your role may not do this.", "Ihre Rolle darf das nicht."),
    Kind("cross_site", 403, "Forbidden", "This request came from another site and was not carried out.", "Diese Anfrage kam von einer fremden Seite und wurde nicht ausgeführt."),
    Kind("not_found", 404, "Not Found", "There is nothing here for you.", "Hier gibt es nichts für Sie."),
    Kind("blob_not_declared", 404, "Not Found", "No fact has declared this file yet.", "Noch kein Eintrag hat diese Datei angekündigt."),
    Kind("stream_fork", 409, "Conflict", "This stream continues differently here.", "Dieser Strom geht hier anders weiter."),
    Kind("offset_conflict", 409, "Conflict", "The upload continues at another place.", "Das Hochladen geht an anderer Stelle weiter."),
    Kind("plan_version", 409, "Conflict", "The plan has changed meanwhile; it is now version {current}.", "Der Plan wurde inzwischen geändert; er hat jetzt Version {current}."),
    Kind("rev", 409, "Conflict", "This was changed by somebody else meanwhile. Load it again.", "Das wurde inzwischen von jemand anderem geändert. Bitte neu laden."),
    Kind("exists", 409, "Conflict", "{what} exists already.", "{what} gibt es schon."),
    Kind("digest_mismatch", 460, "Digest Mismatch", "The file did not arrive as declared; it starts again.", "Die Datei kam nicht wie angekündigt an; sie beginnt von vorn."),
    Kind("slow_down", 429, "Too Many Requests", "Too many tries. Please wait {seconds} seconds.", "Zu viele Versuche. Bitte {seconds} Sekunden warten."),
    Kind("busy", 503, "Service Unavailable", "The server is busy; nothing is lost, try again.", "Der Server ist beschäftigt; nichts geht verloren, bitte erneut versuchen."),
    Kind("travel_unavailable", 503, "Service Unavailable", "Travel times are not available now.", "Fahrzeiten sind gerade nicht verfügbar."),
    Kind("server_full", 507, "Insufficient Storage", "The server's disk is full; what is on the device stays there.", "Die Platte des Servers ist voll; was auf dem Gerät ist, bleibt dort."),
)  # fmt: skip

CATALOGUE: dict[str, Kind] = {kind.code: kind for kind in _ROWS}


def _branch(status: int) -> type[Refusal]:
    if status == 401:
        return SignIn
    if status in (403, 404):
        return NotForYou
    if status == 409:
        return LookAgain
    if status == 460:
        return SendAgain
    return Later if status in (429, 503, 507) else FixTheSender


def refuse(
    code: str,
    *,
    errors: Sequence[tuple[str, str]] = (),
    members: Mapping[str, object] | None = None,
    **fields: Value,
) -> Refusal:
    """Make the refusal of this code, of the branch its status belongs to; the caller raises it."""
    return _branch(CATALOGUE[code].status)(code, errors=errors, members=members, **fields)


def problem_body(refusal: Refusal, lang: str = "en") -> dict[str, object]:
    """Body of an `application/problem+json` answer (RFC 9457) with our members."""
    return {
        "type": "about:blank",
        "title": refusal.kind.title,
        "status": refusal.status,
        "detail": refusal.sentence(lang),
        "code": refusal.code,
        "errors": [{"pointer": pointer, "detail": text} for pointer, text in refusal.errors],
        **refusal.members,
    }
