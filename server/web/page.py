"""What every page of the board has in common: its route, its frame, its way of failing."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from server.core import words
from server.core.access import Principal
from server.core.http import GatedRoute, Parts
from server.web import formats, render
from server.web.shell import Shell, shell_of
from shared.refusals import Refusal, SignIn, refuse

Load = Callable[[Session, Shell], Mapping[str, Any]]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
PERSON = "person"


class PageRoute(GatedRoute):
    """A route that answers people: strangers go to the sign-in, a refusal is a page."""

    def get_route_handler(self) -> Endpoint:
        """Wrap the handler of the gate."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except SignIn:
                return to_sign_in(request)
            except Refusal as refusal:
                return refused(request, refusal)

        return handler


def page_router() -> APIRouter:
    """Make the router of some pages; they stand outside the description of the REST interface."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def to_sign_in(request: Request) -> Response:
    """Ask who it is, and come back to the wanted page afterwards."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", status_code=303)


def page(
    request: Request,
    who: Principal,
    parts: Parts,
    template: str,
    load: Load,
    *,
    here: str = "",
) -> Response:
    """Read what the page shows in one snapshot and render it inside the frame."""
    if who.kind != PERSON:
        raise refuse("not_found")
    now = parts.clock.now()

    def read(session: Session) -> tuple[Shell, Mapping[str, Any]]:
        shell = shell_of(session, who, parts.settings, now, here=here or request.url.path)
        return shell, load(session, shell)

    with words.speaking(render.page_lang(request)):
        shell, values = parts.reads.run(read)
    return _framed(request, shell, template, values)


def _framed(
    request: Request, shell: Shell, template: str, values: Mapping[str, Any], status: int = 200
) -> Response:
    shown = dict(values)
    if "page_data" in shown:
        shown["page_data"] = render.as_json(shown["page_data"])
    return render.html(
        request,
        template,
        {**shown, "shell": shell},
        now_ms=shell.now_ms,
        tz=shell.tz,
        status=status,
    )


def refused(request: Request, refusal: Refusal) -> Response:
    """Say on a page what could not be done, and where to go from here."""
    parts: Parts = request.app.state.parts
    who: Principal | None = request.scope.get("principal")
    lang = render.page_lang(request)
    values = {
        "title": _title(refusal.status, lang),
        "detail": refusal.sentence(lang),
        "request_id": str(request.scope.get("request_id", "")),
    }
    if who is None or who.kind != PERSON:
        now_ms = formats.to_ms(parts.clock.now()) or 0
        return render.html(request, "problem.html", values, now_ms=now_ms, status=refusal.status)
    with words.speaking(lang):
        shell = parts.reads.run(
            lambda s: shell_of(s, who, parts.settings, parts.clock.now(), here="")
        )
    return _framed(request, shell, "problem.html", values, refusal.status)


def _title(status: int, lang: str) -> str:
    with words.speaking(lang):
        if status == 403:
            return words._("Not for your role")
        return words._("Not found") if status == 404 else words._("That did not work")
