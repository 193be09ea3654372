"""The barest server that could take an exchange: it validates the body and gives it back."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Base(BaseModel):
    """Place and chain before the first event."""

    seq: int
    chain: str


class Sent(BaseModel):
    """One place of a stream."""

    seq: int
    id: str
    doc: str


class Exchange(BaseModel):
    """The body of an exchange."""

    v: int
    app: str
    rid: str
    stream: str
    base: Base
    events: list[Sent]
    clock: tuple[str, int, int]
    cursor: str | None = None


app = FastAPI()


@app.post("/api/v1/sync")
def echo(body: Exchange) -> Exchange:
    """Give it back."""
    return body


@app.get("/api/v1/time")
def time() -> dict[str, Any]:
    """Say that it is up."""
    return {}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
