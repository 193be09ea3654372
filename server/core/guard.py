"""Stands before everything else: who asks, how much, how often, from where; then headers."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import anyio.to_thread
from sqlmodel import Session
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.core import body, headers, http, words
from server.core.access import Principal
from server.core.http import COOKIE, HOST_COOKIE, Parts
from server.core.logs import log
from server.core.public import is_public, is_static
from server.core.throttle import Limit, Throttle
from shared.refusals import Refusal, refuse

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BY_PRINCIPAL = Limit("principal", 6_000, 60)
BY_PEER = Limit("peer", 600, 60)
RECHECK_S = 3  # open streams look again this often; well within REVOKE_EFFECT_S = 5


class Door(Protocol):
    """Knows the credentials; the room `people` keeps them."""

    def by_bearer(self, session: Session, token: str) -> Principal:
        """Find the device or API token, or refuse."""
        ...

    def by_cookie(self, session: Session, cookie: str) -> Principal:
        """Find the person, or refuse."""
        ...

    def note_use(self, session: Session, who: Principal) -> None:
        """Write down that the credential was used."""
        ...


class Guard:
    """Pure ASGI, outermost; the body is not read before everything here has passed."""

    def __init__(self, app: ASGIApp, parts: Callable[[], Parts], door: Door) -> None:
        self._app = app
        self._parts = parts
        self._door = door
        self._throttle = Throttle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["request_id"] = os.urandom(8).hex()
        scope["principal"] = None
        scope["tls"] = self._tls(scope)
        answer = _Answer(send, scope)
        try:
            packed = await self._let_in(scope)
            passed = body.Body(receive, scope["body_rule"], packed=packed)
            await self._app(scope, passed.receive, answer.send)
        except Refusal as refusal:
            await self._refuse(refusal, scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - a bug is answered, logged and outlived
            route = getattr(scope.get("route"), "path", "")
            log.error("bug", route=route, request_id=scope["request_id"], exc_info=error)
            if not answer.started:
                await http.plain_problem(500, "internal", "Internal Server Error")(
                    scope, receive, answer.send
                )

    async def _let_in(self, scope: Scope) -> bool:
        """Pass all checks that need headers alone; says whether the body comes packed."""
        found, path = Headers(scope=scope), scope["path"]
        public = is_public(scope["method"], path)
        peer = self._peer(scope, found)
        scope["peer"] = peer
        credential = found.get("authorization"), self._cookie(scope)
        if not is_static(path):
            await self._find(scope, credential, public=public)
            self._slow_down(scope["principal"], peer)
            self._check_site(scope, found)
        scope["body_rule"] = rule = body.rule_of(
            path, anonymous=scope["principal"] is None and scope["method"] not in SAFE
        )
        encoding = found.get("content-encoding")
        length = found.get("content-length")
        body.check_declared(
            rule, length.encode() if length else None, encoding.encode() if encoding else None
        )
        return encoding == "gzip"

    async def _find(
        self, scope: Scope, credential: tuple[str | None, str | None], *, public: bool
    ) -> None:
        look = self._lookup(*credential)
        if look is None:
            if not public:
                raise refuse("bad_token")
            return
        parts = self._parts()
        try:
            who = await anyio.to_thread.run_sync(parts.reads.run, look)
        except Refusal as refusal:
            if public and refusal.status == 401:
                return
            raise
        if who.unseen:
            await anyio.to_thread.run_sync(
                parts.writer.run, lambda session: self._door.note_use(session, who)
            )
        scope["principal"] = who
        scope["recheck"] = lambda: self._again(look)

    def _lookup(
        self, authorization: str | None, cookie: str | None
    ) -> Callable[[Session], Principal] | None:
        """The question to the database; a request with a bearer token ignores its cookies."""
        if authorization is not None:
            kind, _, token = authorization.partition(" ")
            if kind.lower() != "bearer":
                raise refuse("bad_token")
            return lambda session: self._door.by_bearer(session, token.strip())
        if cookie:
            return lambda session: self._door.by_cookie(session, cookie)
        return None

    async def _again(self, look: Callable[[Session], Principal]) -> bool:
        try:
            await anyio.to_thread.run_sync(self._parts().reads.run, look)
        except Refusal as refusal:
            return refusal.status != 401
        return True

    def _cookie(self, scope: Scope) -> str | None:
        cookies = Request(scope).cookies
        return cookies.get(HOST_COOKIE) or (None if scope["tls"] else cookies.get(COOKIE))

    def _slow_down(self, who: Principal | None, peer: str) -> None:
        if who is None:
            self._throttle.count(BY_PEER, peer)
        else:
            self._throttle.count(BY_PRINCIPAL, who.by)

    def _check_site(self, scope: Scope, found: Headers) -> None:
        """Refuse a change or stream that another site's page has caused."""
        if "authorization" in found or not _changes_or_streams(scope, found):
            return
        site, origin = found.get("sec-fetch-site"), found.get("origin")
        if site is not None:
            ours = site == "same-origin"
        elif origin is None:  # no browser; a cookie alone is not enough
            ours = scope["principal"] is None
        else:
            ours = origin in self._origins()
        if not ours:
            raise refuse("cross_site")

    def _origins(self) -> tuple[str, ...]:
        settings = self._parts().settings
        return settings.public_origins or (settings.origin,)

    def _tls(self, scope: Scope) -> bool:
        if scope.get("scheme") in ("https", "wss"):
            return True
        return (
            _client(scope) in self._parts().settings.trusted_proxies
            and Headers(scope=scope).get("x-forwarded-proto") == "https"
        )

    def _peer(self, scope: Scope, found: Headers) -> str:
        """Whose tries are counted: forwarded addresses count from trusted proxies only."""
        peer = _client(scope)
        trusted = self._parts().settings.trusted_proxies
        if peer in trusted:
            hops = [hop.strip() for hop in found.get("x-forwarded-for", "").split(",")]
            return next((hop for hop in reversed(hops) if hop and hop not in trusted), peer)
        return peer

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let only the driver app's own page open a socket."""
        origin = Headers(scope=scope).get("origin", "")
        host = Headers(scope=scope).get("host", "")
        ours = not origin or origin.partition("://")[2] == host or origin in self._origins()
        if not ours or not is_static(scope["path"]):
            await receive()
            await send({"type": "websocket.close", "code": 4403})
            return
        await self._app(scope, receive, send)

    async def _refuse(
        self, refusal: Refusal, scope: Scope, receive: Receive, answer: "_Answer"
    ) -> None:
        if answer.started:
            return
        request = Request(scope)
        response: Response
        if refusal.status == 401 and _is_navigation(request):
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            url = request.url.replace(path="/sign-in", query="").include_query_params(next=wanted)
            response = RedirectResponse(f"{url.path}?{url.query}", 303)
        else:
            lang = words.choose(request.headers.get("accept-language"))
            device = request.headers.get("authorization") is not None
            members: Mapping[str, object] = {"server_id": self._parts().server_id} if device else {}
            response = http.problem(refusal, lang, members=members)
        if request.method not in SAFE:
            response.headers["connection"] = "close"  # the body is left unread
        await response(scope, receive, answer.send)


class _Answer:
    """The way back: adds the headers every answer carries."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            scope = self._scope
            personal = scope["principal"] is not None
            extra = headers.fixed(
                scope["path"], scope["request_id"], tls=scope["tls"], personal=personal
            )
            headers.add_missing(message, extra)
        await self._send(message)


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _changes_or_streams(scope: Scope, found: Headers) -> bool:
    if scope["method"] not in SAFE:
        return True
    return "text/event-stream" in found.get("accept", "") and scope["principal"] is not None


def _is_navigation(request: Request) -> bool:
    html = "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and html and not request.url.path.startswith("/api/")


async def still_allowed(request: Request) -> bool:
    """Ask again whether the credential of an open stream holds; every RECHECK_S seconds."""
    recheck: Callable[[], Awaitable[bool]] | None = request.scope.get("recheck")
    return recheck is None or await recheck()
