"""Lays out the folder that `flet build` packs: our packages, the assets and a door."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("driver_app", "shared")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "browser.py", "bundle.py", "__main__.py")
DOOR = '''"""The app on the phone."""

import flet as ft

from driver_app.app import phone_main

ft.run(phone_main(), assets_dir="assets")
'''


def stage(folder: Path, root: Path = ROOT) -> Path:
    """Make the folder anew with what the phone carries."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for package in (*PACKAGES, "assets"):
        shutil.copytree(root / package, folder / package, ignore=LEFT_OUT)
    told = (root / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(tables(told), encoding="utf-8")
    (folder / "main.py").write_text(DOOR, encoding="utf-8")
    return folder


def tables(text: str) -> str:
    """The tables of the phone, as they stand: [project] without extras, and [tool.flet…]."""
    kept, wanted = [], False
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            wanted = line.startswith(("[project]", "[tool.flet"))
        if wanted:
            kept.append(line)
    return "".join(kept)


def main(arguments: list[str]) -> int:
    """Stage into the folder named on the command line."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m driver_app.bundle FOLDER\n")
        return 2
    sys.stdout.write(f"Staged {stage(Path(arguments[0]))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
