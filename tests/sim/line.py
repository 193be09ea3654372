"""The way between a device and the office, on which everything happens that happens to messages."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import httpx

from tests.sim.faults import Killed
from tests.sim.office import Answer, Office

RATES: tuple[tuple[str, float], ...] = (
    ("request lost", 0.10),
    ("answer lost", 0.12),
    ("delivered twice", 0.08),
    ("401 of ours", 0.008),
    ("401 of others", 0.008),
    ("portal", 0.009),
    ("cached", 0.009),
    ("redirect", 0.008),
    ("truncated", 0.009),
    ("503", 0.009),
)
DELAY_MAX_MS = 400
KEPT_SHARE, LOST_KEPT_SHARE = 0.06, 0.5
CUT_SHARE, FLIP_SHARE = 0.15, 0.05
HTML = {"Content-Type": "text/html"}
OURS = b'{"title":"Unauthorized","status":401,"detail":"no","code":"%s","server_id":"%s"}'


@dataclass(frozen=True)
class Letter:
    """A request as it travels; a copy of it may arrive much later."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes


@dataclass
class Line(httpx.AsyncBaseTransport):
    """One device's connection; what happens to a message follows from the dice."""

    office: Callable[[], Office]
    dice: Random
    wait: Callable[[int], None]
    """Let so many milliseconds pass for everybody."""
    happened: Counter[str]
    kept: list[Letter]
    """Copies that somebody may deliver later."""
    faulty: bool = True
    up: bool = True
    troubled: bool = False
    """Something went wrong since this was last set to False."""
    old_answers: list[Answer] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request there and its answer back."""
        headers = {key.title(): value for key, value in request.headers.items()}
        letter = Letter(request.method, request.url.path, headers, await request.aread())
        if not self.up:
            self.troubled = True
            raise httpx.ConnectError("no network", request=request)
        try:
            answer = self._carry(letter, self._trouble(letter))
        except _Gone as gone:
            raise httpx.ReadError(str(gone), request=request) from None
        return httpx.Response(
            answer.status, headers=answer.headers, content=answer.body, request=request
        )

    def _trouble(self, letter: Letter) -> str:
        if not self.faulty:
            return ""
        if letter.method == "PATCH":
            throw = self.dice.random()
            if throw < CUT_SHARE:
                return "cut"
            if throw < CUT_SHARE + FLIP_SHARE:
                return "flipped"
        throw = self.dice.random()
        for name, rate in RATES:
            if throw < rate:
                return name
            throw -= rate
        return ""

    def _carry(self, letter: Letter, trouble: str) -> Answer:
        if trouble:
            self.troubled = True
            self.happened[trouble] += 1
        self._keep(letter, trouble)
        if trouble == "request lost":
            raise _Gone(trouble)
        if (made := self._made_up(letter, trouble)) is not None:
            return made
        answer = self._there(self._damaged(letter, trouble))
        if trouble == "delivered twice":
            answer = self._there(letter)
        self.wait(self.dice.randrange(5, DELAY_MAX_MS))
        if trouble in ("answer lost", "cut"):
            counts = answer.status == 200 and letter.method == "POST"
            self.happened["committed and lost"] += counts
            raise _Gone(trouble)
        self._count(letter, answer)
        if trouble == "truncated" and answer.body:
            return Answer(
                answer.status, answer.headers, answer.body[: self.dice.randrange(len(answer.body))]
            )
        return answer

    def _count(self, letter: Letter, answer: Answer) -> None:
        """What a batch of schedules must have seen."""
        if letter.method == "HEAD" and answer.status == 200:
            begun = int(answer.headers["Upload-Offset"])
            if 0 < begun < int(answer.headers["Upload-Length"]):
                self.happened["resumed PATCH"] += 1
        elif letter.path.endswith("/sync"):
            self.happened["reset"] += b'"reset":true' in answer.body
            self.old_answers = [*self.old_answers[-2:], answer]

    def _keep(self, letter: Letter, trouble: str) -> None:
        if not self.faulty or letter.path.endswith("/pair"):
            return
        share = LOST_KEPT_SHARE if trouble == "request lost" else KEPT_SHARE
        if self.dice.random() < share:
            self.kept.append(letter)

    def _made_up(self, letter: Letter, trouble: str) -> Answer | None:
        """What somebody in between answers instead of the office."""
        if trouble == "portal":
            return Answer(200, HTML, b"<h1>Welcome to the hotel</h1>")
        if trouble == "redirect":
            return Answer(302, {"Location": "https://portal.example/login"})
        if trouble == "401 of others":
            return Answer(401, HTML, b"<h1>Sign in</h1>")
        if trouble == "401 of ours":
            code = self.dice.choice((b"bad_token", b"token_expired"))
            body = OURS % (code, self.office().parts.server_id.encode())
            return Answer(401, {"Content-Type": "application/problem+json"}, body)
        if trouble == "503":
            return Answer(503, {"Retry-After": "1"}, b"")
        if trouble == "cached" and letter.path.endswith("/sync") and self.old_answers:
            return self.dice.choice(self.old_answers)
        return None

    def _damaged(self, letter: Letter, trouble: str) -> Letter:
        content = letter.content
        if trouble == "cut" and content:
            content = content[: self.dice.randrange(len(content))]
        elif trouble == "flipped" and content:
            at = self.dice.randrange(len(content))
            content = (
                content[:at]
                + bytes([content[at] ^ (1 << self.dice.randrange(8))])
                + content[at + 1 :]
            )
        return Letter(letter.method, letter.path, letter.headers, content)

    def _there(self, letter: Letter) -> Answer:
        self.wait(self.dice.randrange(5, DELAY_MAX_MS))
        try:
            return deliver(self.office(), letter)
        except Killed:
            self.troubled = True
            raise _Gone("the server died") from None


class _Gone(Exception):
    """No answer comes."""


def deliver(office: Office, letter: Letter) -> Answer:
    """Hand a letter over; a server that died before is there again by now."""
    if office.fuse.dead:
        office.restart()
    return office.answer(letter.method, letter.path, letter.headers, letter.content)
