"""Find a Chromium for the browser tests, and install one where that is allowed.

`python -m tests.helpers.chromium` is called by `make test`: it tries the setting
MILKRUN_CHROMIUM, then a browser of the system, then the system's package manager, then
Playwright's own installer, and says in one sentence what to install when none of that works.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MANAGERS = {
    "apt-get": [["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "chromium"]],
    "dnf": [["dnf", "install", "-y", "chromium"]],
    "apk": [["apk", "add", "chromium"]],
    "pacman": [["pacman", "-Sy", "--noconfirm", "chromium"]],
    "zypper": [["zypper", "install", "-y", "chromium"]],
}
INSTALL_S = 600
MISSING = (
    "Browser tests need Chromium: install the package `chromium` of your system, "
    "or set MILKRUN_CHROMIUM to the path of a Chromium or Chrome."
)


def of_playwright() -> str | None:
    """The browser that Playwright's own installer has put on this machine."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    found = sorted(cache.glob("chromium-*/chrome-linux*/chrome"))
    return str(found[-1]) if found else None


def find() -> str | None:
    """Path of a Chromium, or None."""
    chosen = os.environ.get("MILKRUN_CHROMIUM")
    if chosen:
        return chosen if Path(chosen).exists() else None
    return next(filter(None, map(shutil.which, NAMES)), None) or of_playwright()


def allowed_prefix() -> list[str] | None:
    """How this user may install packages: as root, by sudo without a password, or not at all."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if asked.returncode == 0:
            return ["sudo", "-n"]
    return None


def run(command: list[str]) -> bool:
    """Run one installing command quietly; whether it succeeded."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=INSTALL_S, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install() -> None:
    """Try the package manager, then Playwright's installer."""
    prefix = allowed_prefix()
    manager = next((name for name in MANAGERS if shutil.which(name)), None)
    if prefix is not None and manager is not None:
        sys.stderr.write("Installing Chromium for the browser tests\n")
        for command in MANAGERS[manager]:
            run([*prefix, *command])
        if find():
            return
    run([sys.executable, "-m", "playwright", "install", "chromium"])


def main() -> int:
    """Make sure there is a browser; 0 unless CI wants one and there is none."""
    if find() is None:
        install()
    if find() is not None:
        return 0
    sys.stderr.write(MISSING + "\n")
    return 3 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
