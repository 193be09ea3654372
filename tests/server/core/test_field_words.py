"""What is wrong with a field is told in the caller's language."""

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import Field, ValidationError

from server.core import field_words
from server.core.access import Principal, Role
from server.core.http import Parts
from server.people import service
from server.sites.service import create_site
from shared.gate import Day, Many, Name, Uid, WallTime, Wire
from shared.ids import SiteId
from shared.site import Site
from tests.server.conftest import as_person

ENGLISH = re.compile(r"\b(should|input|must|valid|required|at least|be)\b", re.IGNORECASE)


class Sample(Wire):
    name: Name
    count: Annotated[int, Field(ge=1, le=9)]
    share: Annotated[float, Field(gt=0, lt=1)]
    sure: bool
    kind: Literal["road", "plant"]
    key: Uid
    day: Day
    at: WallTime
    many: Many[Name]


BAD: list[dict[str, Any]] = [
    {"extra": 1},
    {"name": 1, "count": "x", "share": "x", "sure": 1, "kind": "x", "key": 1, "day": 1, "at": 1},
    {"name": "", "count": 0, "share": 0.0, "key": "x", "day": "x", "at": "x", "many": 1},
    {"name": "x" * 201, "count": 10, "share": 1.0, "many": ["x"] * 501},
]


@pytest.mark.parametrize("given", BAD)
def test_every_common_error_has_a_german_sentence(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Sample.model_validate(given)

    told = [field_words.sentence(dict(one), "de") for one in refused.value.errors()]
    assert [text for text in told if ENGLISH.search(text) or "{" in text] == []


@pytest.mark.anyio
async def test_a_field_is_explained_in_the_readers_language(
    app: FastAPI, client: AsyncClient, parts: Parts, site: SiteId, person: Callable[..., Principal]
) -> None:
    del client
    now = parts.clock.now()
    parts.writer.run(lambda s: create_site(s, site, Site(name="Test"), now=now))
    anna = person("Anna", Role.SUPERVISOR)
    assert anna.person_id is not None
    told = {}
    for lang in ("de", "en"):
        change = partial(service.change_person, who=anna, person_id=anna.person_id, lang=lang)
        parts.writer.run(partial(change, now=now))
        answer = await as_person(app, anna).post("/api/v1/vehicles", json={"kind": "van"})
        told[lang] = (answer.json()["errors"], answer.json()["detail"])

    assert told["de"] == (
        [{"pointer": "/name", "detail": "Dieses Feld fehlt."}],
        "Bitte die markierten Felder korrigieren: name",
    )
    assert told["en"][0] == [{"pointer": "/name", "detail": "Field required"}]
