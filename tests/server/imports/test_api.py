"""Imports over HTTP: raw file in, report out, corrected, taken over, exported."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

pytestmark = pytest.mark.anyio
GROCERY = (Path(__file__).parents[2] / "data" / "imports" / "grocery_15.csv").read_bytes()
ONE = b"name,address,lat,lon\nA,Lane 1,51.1,12.1\n,Lane 2,51.2,12.2\n"


async def hand_in(
    board: AsyncClient, content: bytes, kind: str = "locations", **query: str
) -> Response:
    headers = {"Content-Type": "text/csv"}
    return await board.post(
        f"/api/v1/imports/{kind}", content=content, headers=headers, params=query
    )


async def handed_in(board: AsyncClient, content: bytes, **query: str) -> dict[str, Any]:
    answer = await hand_in(board, content, **query)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_file_is_answered_with_its_whole_report(board: AsyncClient) -> None:
    made = await handed_in(board, ONE)

    assert set(made) == {
        "id", "kind", "state", "options", "columns", "mapping", "counts", "rows", "doubles", "next",
    }  # fmt: skip
    assert made["state"] == "checked"
    assert made["counts"] == {"new": 1, "changed": 0, "same": 0, "wrong": 1, "warning": 0}
    assert made["rows"] == [
        {"row": 3, "column": "name", "value": "", "level": "wrong",
         "sentence": "The name is missing. Fill it in."},
    ]  # fmt: skip
    assert (await board.get(f"/api/v1/imports/{made['id']}")).json() == made


async def test_a_cell_is_fixed_and_the_file_taken_over_and_back(board: AsyncClient) -> None:
    made = await handed_in(board, ONE)
    path = f"/api/v1/imports/{made['id']}"

    fixed = await board.patch(path, json={"fixes": [[3, "name", "B"]]})
    done = await board.post(f"{path}/commit", json={"all_or_nothing": True})
    undone = await board.post(f"{path}/undo")

    assert fixed.json()["counts"]["wrong"] == 0
    assert done.json()["state"] == "done"
    assert undone.json()["state"] == "undone"


async def test_commit_needs_no_body(board: AsyncClient) -> None:
    made = await handed_in(board, GROCERY)

    done = await board.post(f"/api/v1/imports/{made['id']}/commit")

    assert done.json()["state"] == "done", done.text
    places = (await board.get("/api/v1/locations")).json()["items"]
    assert len(places) == 15


async def test_an_export_is_a_csv_that_comes_back_the_same(board: AsyncClient) -> None:
    made = await handed_in(board, GROCERY)
    await board.post(f"/api/v1/imports/{made['id']}/commit")

    exported = await board.get("/api/v1/exports/locations")

    assert exported.headers["content-type"].startswith("text/csv")
    assert (await handed_in(board, exported.content))["counts"]["same"] == 15


async def test_columns_can_be_chosen_by_hand(board: AsyncClient) -> None:
    made = await handed_in(board, b"what;where\nShop;Lane 1\n")
    change = {"mapping": {"name": "what", "address": "where"}, "save_profile": "shops"}

    mapped = await board.patch(f"/api/v1/imports/{made['id']}", json=change)

    assert mapped.json()["counts"]["new"] == 1
    assert (await handed_in(board, b"what;where\nX;Y 1\n", profile="shops"))["counts"]["new"] == 1


async def test_a_wrong_file_is_a_problem_with_one_sentence(board: AsyncClient) -> None:
    answer = await hand_in(board, b"%PDF-1.7 scanned")

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_file")
    assert answer.json()["detail"].endswith(
        "This is a PDF file, not a table. Save the table as CSV or XLSX."
    )


async def test_a_file_above_the_cap_is_refused_by_its_length(board: AsyncClient) -> None:
    answer = await hand_in(board, b"x" * (10 * 2**20 + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_an_unknown_kind_or_import_is_not_found(board: AsyncClient) -> None:
    assert (await hand_in(board, ONE, "planets")).status_code == 404
    assert (
        await board.get("/api/v1/imports/01900000-0000-7000-8000-00000000dead")
    ).status_code == 404


async def test_a_stranger_learns_nothing(client: AsyncClient) -> None:
    assert (await hand_in(client, ONE)).status_code == 401
    assert (await client.get("/api/v1/exports/locations")).status_code == 401
