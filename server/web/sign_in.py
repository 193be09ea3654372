"""The three HTML forms: set-up while nobody exists, sign-in and sign-out."""

from hmac import compare_digest
from typing import Any
from zoneinfo import available_timezones

from fastapi import Request
from pydantic import ValidationError
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from server.core import http, words
from server.core.http import InForm, InParts, MaybeWho, Parts, Who, needs
from server.core.ids import new_id
from server.core.words import _
from server.people import queries, service
from server.people.service import Attempt
from server.sites import service as sites
from server.web import render
from server.web.page import page_router
from shared.ids import SiteId
from shared.refusals import Refusal, refuse
from shared.site import Site

router = page_router()
PUBLIC = needs("public", "read")
HOME = "/today"


@router.api_route("/", methods=["GET", "HEAD"], openapi_extra=PUBLIC)
def home(who: MaybeWho) -> Response:
    """Lead to the board, strangers to the sign-in; every client gets an answer here."""
    return RedirectResponse(HOME if who is not None else "/sign-in", status_code=303)


@router.get("/sign-in", openapi_extra=PUBLIC)
def sign_in_form(request: Request, parts: InParts, next: str = HOME, out: str = "") -> Response:  # noqa: A002 - the name in the address
    """Ask for name and password; on a new server lead to the set-up."""
    if not parts.reads.run(queries.anybody):
        return RedirectResponse("/setup", status_code=303)
    return _form(request, parts, next=next, signed_out=bool(out))


@router.post("/sign-in", openapi_extra=PUBLIC)
def sign_in(request: Request, form: InForm, parts: InParts) -> Response:
    """Begin a session and go where the person wanted."""
    wanted, name = form.get("next", HOME), form.get("name", "")
    attempt = Attempt(name, form.get("password", ""), request.scope.get("peer", ""))
    try:
        cookie = service.sign_in(
            parts.reads, parts.writer, parts.passwords, parts.throttle, attempt,
            now=parts.clock.now(),
        )  # fmt: skip
    except Refusal as refusal:
        error = refusal.sentence(render.page_lang(request))
        return _form(request, parts, next=wanted, name=name, error=error, status=refusal.status)
    answer = RedirectResponse(_inside(wanted), status_code=303)
    http.set_session(request, answer, cookie)
    return answer


@router.post("/sign-out", openapi_extra=needs("board", "read"))
def sign_out(request: Request, who: Who, parts: InParts) -> Response:
    """End this session."""
    parts.writer.run(lambda session: service.sign_out(session, who))
    answer = RedirectResponse("/sign-in?out=1", status_code=303)
    http.drop_session(request, answer)
    return answer


@router.get("/setup", openapi_extra=PUBLIC)
def setup_form(request: Request, parts: InParts, token: str = "") -> Response:
    """Ask for what a new site needs; gone once anybody exists."""
    if parts.reads.run(queries.anybody):
        raise refuse("not_found")
    return _setup(request, parts, {"token": token})


@router.post("/setup", openapi_extra=PUBLIC)
def setup(request: Request, form: InForm, parts: InParts) -> Response:
    """Found the site and its first supervisor, and sign them in."""
    if parts.reads.run(queries.anybody):
        raise refuse("not_found")
    lang = render.page_lang(request)
    if not parts.setup_token or not compare_digest(form.get("token", ""), parts.setup_token):
        with words.speaking(lang):
            error = _("This is not the set-up token of this server.")
        return _setup(request, parts, form, error=error, status=422)
    try:
        cookie = _found(parts, form)
    except (Refusal, ValidationError) as problem:
        return _setup(request, parts, form, error=_sentence(problem, lang), status=422)
    answer = RedirectResponse("/locations", status_code=303)
    http.set_session(request, answer, cookie)
    return answer


def _found(parts: Parts, form: dict[str, str]) -> str:
    """Write site, first supervisor and session in one work."""
    now = parts.clock.now()
    site_id = SiteId(new_id(now))
    given = {key: form.get(key, "") for key in ("tz", "country", "lang")}
    about = Site(name=form.get("site_name", ""), **given)  # type: ignore[arg-type]
    password_hash = service.hash_of(parts.passwords, form.get("password", ""))
    assert password_hash is not None, "a password was given"

    def work(session: Session) -> str:
        sites.create_site(session, site_id, about, now=now)
        person_id = service.first_supervisor(
            session, site_id, name=form.get("name", ""), password_hash=password_hash,
            lang=about.lang, now=now,
        )  # fmt: skip
        return service.open_session(session, site_id, person_id, now=now)

    return parts.writer.run(work)


def _sentence(problem: Refusal | ValidationError, lang: str) -> str:
    if isinstance(problem, Refusal):
        return problem.sentence(lang)
    fields = ", ".join(str(item["loc"][0]) for item in problem.errors())
    return refuse("bad_input", why=fields).sentence(lang)


def _form(
    request: Request,
    parts: Parts,
    *,
    next: str,  # noqa: A002 - the name in the address
    name: str = "",
    error: str = "",
    signed_out: bool = False,
    status: int = 200,
) -> Response:
    values = {"next": _inside(next), "name": name, "error": error, "signed_out": signed_out}
    return render.html(request, "sign_in.html", values, now_ms=parts.clock.ms(), status=status)


def _setup(
    request: Request, parts: Parts, given: dict[str, Any], *, error: str = "", status: int = 200
) -> Response:
    keys = ("token", "site_name", "tz", "country", "name")
    lang = render.page_lang(request)
    with words.speaking(lang):
        values = {
            "given": {key: given.get(key, "") for key in keys},
            "error": error,
            "zones": sorted(zone for zone in available_timezones() if "/" in zone),
            "countries": countries(),
        }
    return render.html(request, "setup.html", values, now_ms=parts.clock.ms(), status=status)


def _inside(wanted: str) -> str:
    """Keep to this server: a path, and never one a browser reads as another host."""
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")):
        return wanted
    return HOME


def countries() -> list[tuple[str, str]]:
    """Countries whose holidays are known, the most likely first."""
    return [
        ("DE", _("Germany")), ("AT", _("Austria")), ("CH", _("Switzerland")),
        ("FI", _("Finland")), ("FR", _("France")), ("GB", _("United Kingdom")),
        ("IT", _("Italy")), ("NL", _("Netherlands")), ("PL", _("Poland")),
        ("ES", _("Spain")), ("SE", _("Sweden")), ("US", _("United States")), ("", _("other")),
    ]  # fmt: skip
