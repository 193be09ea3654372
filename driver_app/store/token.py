"""The device token as a file of this user alone, where the system has no key store."""

from pathlib import Path

from driver_app.store.files import Files, keep

NAME = "token"


def save(files: Files, folder: Path, token: str) -> None:
    """Keep the token; the folder is 0700, the file 0600."""
    keep(files, folder, NAME, token.encode())
    (folder / NAME).chmod(0o600)


def load(files: Files, folder: Path) -> str | None:
    """The token, if it is kept here."""
    if files.size(folder / NAME) is None:
        return None
    return files.read(folder / NAME).decode()


def delete(files: Files, folder: Path) -> None:
    """Forget it."""
    files.remove(folder / NAME)
