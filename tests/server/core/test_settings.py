"""Settings: the environment first, then the file in the data folder; secrets never shown."""

from pathlib import Path

import pytest

from server.core.settings import Settings


def test_the_environment_counts_before_the_file_and_the_file_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "milkrun.env").write_text("MILKRUN_PORT=8100\nMILKRUN_HOST=127.0.0.9\n")
    monkeypatch.setenv("MILKRUN_DATA", str(tmp_path))
    monkeypatch.setenv("MILKRUN_PORT", "8200")

    settings = Settings.read()

    assert (settings.port, settings.host, settings.travel) == (8200, "127.0.0.9", "greatcircle")


def test_an_option_counts_before_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILKRUN_PORT", "8200")

    assert Settings.read(port=8300, host=None).port == 8300


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILKRUN_PUBLIC_ORIGINS", "https://a.example, https://b.example")

    settings = Settings.read()

    assert settings.public_origins == ("https://a.example", "https://b.example")
    assert settings.origin == "https://a.example"


def test_a_secret_cannot_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILKRUN_DATABASE_URL", "postgresql://u:hunter2@db/x")
    monkeypatch.setenv("MILKRUN_DEMO_PASSWORD", "hunter2")

    settings = Settings.read()

    assert "hunter2" not in repr(settings)
    assert "hunter2" in settings.url
