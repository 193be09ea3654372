"""Scripts, styles and vendored libraries under a name that changes with their content."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"


@lru_cache(maxsize=1)
def build() -> str:
    """Name this build: a digest over every file, so that a browser never mixes two."""
    digest = sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FOLDER).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def base() -> str:
    """Where the files of this build are; scripts import one another by relative paths."""
    return f"/static/{build()}"


class Immutable(StaticFiles):
    """Files that may be kept for ever, because their address names their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file and the permission to keep it."""
        answer = await super().get_response(path, scope)
        if answer.status_code in (200, 304):
            answer.headers["Cache-Control"] = FOR_EVER
        return answer


def files() -> Immutable:
    """Give the app to be mounted at `base()`."""
    return Immutable(directory=FOLDER)
