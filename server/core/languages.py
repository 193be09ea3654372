"""Which languages the server speaks, and where their catalogues are."""

from pathlib import Path

LOCALE = Path(__file__).parent.parent / "locale"
DOMAIN = "server"
LANGUAGES = ("en", "de")
