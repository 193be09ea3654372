"""Choose the twelve pictures of docs/pictures among all screenshots; `make screens` calls it."""

import sys
from pathlib import Path
from shutil import copyfile

PICTURES = {
    "board-today": "board-today-1440-light",
    "board-today-phone": "board-today-412-de",
    "board-run": "board-run-1280-dark",
    "board-what-if": "board-what-if",
    "board-loop-editor": "board-loop-editor-1440-light",
    "board-plant": "board-plant-1440-light",
    "board-proof": "board-proof-1440-light",
    "board-import": "board-import-report",
    "app-run": "app-run-412x915-light",
    "app-proof": "app-proof-412x915-light",
    "app-plan-changed": "app-changes-412x915-dark",
    "app-tugger": "app-tugger-1280x800-light",
}


def main(taken: Path, chosen: Path) -> int:
    """Copy the chosen ones; 2 and their names when some were not taken."""
    chosen.mkdir(parents=True, exist_ok=True)
    missing = [name for name in PICTURES.values() if not (taken / f"{name}.png").exists()]
    for name, source in PICTURES.items():
        if source not in missing:
            copyfile(taken / f"{source}.png", chosen / f"{name}.png")
    if missing:
        sys.stderr.write(f"Not taken: {', '.join(missing)}\n")
    return 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
