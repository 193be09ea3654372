"""What every route needs: who asks, the parts, and one form for every refusal."""

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from server.core import field_words, once, words
from server.core.access import Principal, allow_route
from server.core.bus import Bus
from server.core.clock import Clock
from server.core.db import Reads
from server.core.jobs import Jobs
from server.core.leader import Leader
from server.core.passwords import Passwords
from server.core.settings import Settings
from server.core.throttle import Throttle
from server.core.writer import AnyWriter
from shared.gate import Unfit, parse_json
from shared.refusals import Refusal, problem_body, refuse

PROBLEM = "application/problem+json"
FORM_FIELDS_MAX = 50
X_ACCESS = "x-access"
PUBLIC = "public"
COOKIE = "milkrun"
HOST_COOKIE = f"__Host-{COOKIE}"
SESSION_MAX_S = 7 * 86_400


@dataclass
class Parts:
    """Everything the composition root builds; on `app.state.parts`.

    `blobs`, `travel`, `outbound`, `solver` and `plans` belong to rooms above: those give them
    their type.
    """

    settings: Settings
    writer: AnyWriter
    reads: Reads
    clock: Clock
    bus: Bus
    jobs: Jobs
    leader: Leader
    blobs: Any = None
    travel: Any = None
    outbound: Any = None
    solver: Any = None
    plans: Any = None
    server_id: str = ""
    setup_token: str = ""  # one-time, printed on the console while nobody exists
    throttle: Throttle = field(default_factory=Throttle)
    passwords: Passwords = field(default_factory=Passwords)
    checks: dict[str, Callable[[], bool]] = field(default_factory=dict)  # of /ready
    worries: dict[str, Callable[[], str]] = field(default_factory=dict)  # ready, but soon no more

    def close(self) -> None:
        """Finish what waits and give everything back."""
        self.writer.close()
        for part in (self.reads, self.bus, self.plans, self.solver):
            close = getattr(part, "close", None)
            if close is not None:
                close()


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _who(request: Request) -> Principal:
    principal: Principal | None = request.scope.get("principal")
    if principal is None:
        raise refuse("bad_token")
    return principal


async def _maybe_who(request: Request) -> Principal | None:
    principal: Principal | None = request.scope.get("principal")
    return principal


InParts = Annotated[Parts, Depends(_parts)]
Who = Annotated[Principal, Depends(_who)]
MaybeWho = Annotated[Principal | None, Depends(_maybe_who)]


async def _writer(parts: InParts) -> AnyWriter:
    return parts.writer


async def _reads(parts: InParts) -> Reads:
    return parts.reads


async def _clock(parts: InParts) -> Clock:
    return parts.clock


async def _lang(request: Request) -> str:
    return language(request)


async def _form(request: Request) -> dict[str, str]:
    """Read a url-encoded form; the guard has capped its size."""
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=FORM_FIELDS_MAX,
            strict_parsing=bool(body),
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise refuse("bad_envelope", why="not a form") from error
    return dict(pairs)


InWriter = Annotated[AnyWriter, Depends(_writer)]
InReads = Annotated[Reads, Depends(_reads)]
InClock = Annotated[Clock, Depends(_clock)]
InLang = Annotated[str, Depends(_lang)]
InForm = Annotated[dict[str, str], Depends(_form)]


def needs(resource: str, verb: str) -> dict[str, Any]:
    """Give the `openapi_extra` of a route: the right its caller must have, in the matrix's words.

    A public operation says needs("public", "read") and stands in `guard.PUBLIC` too.
    """
    return {X_ACCESS: {"resource": resource, "verb": verb}}


class GatedRequest(Request):
    """A request whose JSON passes the gate before any model sees a value."""

    async def json(self) -> Any:
        """Read the body under the rules of shared.gate."""
        if not hasattr(self, "_json"):
            try:
                self._json = parse_json(await self.body())
            except Unfit as error:
                raise refuse(
                    "bad_input", errors=[(error.pointer, error.why)], why=error.why
                ) from error
        return self._json


Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class GatedRoute(APIRoute):
    """A route that checks the caller's right and the body's form before its function runs."""

    def get_route_handler(self) -> Endpoint:
        """Wrap FastAPI's handler."""
        inner = super().get_route_handler()
        access = (self.openapi_extra or {}).get(X_ACCESS)
        one_object = "{" in self.path_format
        has_body = self.body_field is not None

        async def handler(request: Request) -> Response:
            check_right(request, access, one_object=one_object)
            if has_body and not _is_json(request):
                raise refuse("bad_encoding", wanted="application/json")
            gated = GatedRequest(request.scope, request.receive)
            return await _once(gated, inner, access)

        return handler


async def _once(request: Request, inner: Endpoint, access: Mapping[str, str] | None) -> Response:
    """Carry out a change under a key once; the same request again gets the first answer."""
    key, who = request.headers.get(once.HEADER), request.scope.get("principal")
    streamed = not request.scope["body_rule"].deadline  # such a body never lies in memory whole
    if key is None or who is None or streamed or request.method in ("GET", "HEAD"):
        return await inner(request)
    parts: Parts = request.app.state.parts
    route = request.method, request.url.path
    kind = (access or {}).get("resource", "")
    body = request.url.query.encode() + b"\n" + await request.body()
    ask = once.ask_of(who, key, route, body, kind=kind, now_ms=parts.clock.ms())
    end = once.begin(ask)
    try:
        response = await inner(request)
    except once.Again:
        found = await run_sync(parts.reads.run, partial(once.first_answer, ask=ask))
        return Response(found.body, found.status, media_type=found.media)
    finally:
        end()
    if ask.claimed and isinstance(getattr(response, "body", None), bytes):
        media = response.headers.get("content-type")
        answer = once.Answered(response.status_code, media, bytes(response.body))
        await run_sync(parts.writer.run, partial(once.keep, ask=ask, answer=answer))
    return response


def check_right(request: Request, access: Mapping[str, str] | None, *, one_object: bool) -> None:
    """Refuse who has this right on nothing at all, before the body is read."""
    if access is None or access["resource"] == PUBLIC:
        return
    principal: Principal | None = request.scope.get("principal")
    if principal is None:
        raise refuse("bad_token")
    allow_route(principal, access["resource"], access["verb"], one_object=one_object)


def _is_json(request: Request) -> bool:
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return media == "application/json" or (not media and not int(_length(request)))


def _length(request: Request) -> str:
    length = request.headers.get("content-length", "1")
    return length if length.isdigit() else "1"


def router(prefix: str = "", **options: Any) -> APIRouter:
    """Make the router of a room; every `api.py` uses this, so that no route misses the gate."""
    return APIRouter(prefix=prefix, route_class=GatedRoute, **options)


def set_session(request: Request, response: Response, cookie: str) -> None:
    """Hand the browser its session; only over TLS may the cookie carry the strict prefix."""
    response.set_cookie(
        HOST_COOKIE if _tls(request) else COOKIE,
        cookie,
        max_age=SESSION_MAX_S,
        path="/",
        secure=_tls(request),
        httponly=True,
        samesite="lax",
    )


def drop_session(request: Request, response: Response) -> None:
    """Take the session's cookie away."""
    response.delete_cookie(HOST_COOKIE if _tls(request) else COOKIE, path="/", secure=_tls(request))


def _tls(request: Request) -> bool:
    return bool(request.scope.get("tls"))


def language(request: Request) -> str:
    """The caller's language: its own setting, else what its client asks for."""
    principal: Principal | None = request.scope.get("principal")
    if principal is not None and principal.kind == "person":
        return principal.lang
    return words.choose(request.headers.get("accept-language"))


def problem(
    refusal: Refusal, lang: str, *, members: Mapping[str, object] | None = None
) -> Response:
    """Turn a refusal into the answer everybody understands."""
    body = {**problem_body(refusal, lang), **(members or {})}
    headers = {"Cache-Control": "no-store"}
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    return Response(
        json.dumps(body, ensure_ascii=False, default=str),
        status_code=refusal.status,
        media_type=PROBLEM,
        headers=headers,
    )


def plain_problem(status: int, code: str, title: str) -> Response:
    """Answer with an error that no person caused and no catalogue row describes."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": title,
        "code": code,
        "errors": [],
    }
    return Response(json.dumps(body), status_code=status, media_type=PROBLEM)


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return problem(error, language(request), members=_server(request))


def _server(request: Request) -> Mapping[str, object]:
    principal: Principal | None = request.scope.get("principal")
    device = principal is not None and principal.kind == "device"
    return {"server_id": request.app.state.parts.server_id} if device else {}


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    lang = language(request)
    found = [(_pointer(item["loc"]), field_words.sentence(item, lang)) for item in error.errors()]
    names = {pointer.rsplit("/", 1)[-1] or "body" for pointer, _ in found}
    why = ", ".join(sorted(names))[:200]
    return problem(refuse("bad_input", errors=found, why=why), lang)


def _pointer(where: tuple[int | str, ...]) -> str:
    """The JSON pointer of a pydantic location; query and path values stand under their kind."""
    parts = where[1:] if where and where[0] == "body" else where
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Refusal):  # FastAPI wraps what the gate refused
        return await _on_refusal(request, error.__cause__)
    if error.status_code == 404:
        return problem(refuse("not_found"), language(request))
    if error.status_code == 400:
        return problem(refuse("bad_envelope", why=str(error.detail)), language(request))
    return plain_problem(error.status_code, "bad_method", str(error.detail))


def handle_errors(app: FastAPI) -> None:
    """Give the app its one way to answer errors; what nobody foresaw is answered by the guard."""
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
