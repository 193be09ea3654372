"""The few things an operator decides: environment variables or lines of `<data>/milkrun.env`."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_FILE = "milkrun.env"
PREFIX = "MILKRUN_"


class Settings(BaseSettings):
    """Read once at the start; everything else is a constant in code or a setting of the site."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    database_url: SecretStr | None = None
    public_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    outbound_allow: Path | None = None
    backup_dir: Path | None = None
    durability: Literal["backup", "none"] = "backup"
    travel: str = "greatcircle"
    blobs_url: SecretStr | None = None
    smtp_url: SecretStr | None = None
    metrics_token: SecretStr | None = None
    driver_app: str = "driver_app.browser:mount"
    demo_password: SecretStr | None = None

    @field_validator("public_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """Environment first, then the file in the data folder, then the defaults."""
        given = {name: value for name, value in overrides.items() if value is not None}
        data = Path(given.get("data") or os.environ.get(f"{PREFIX}DATA") or "data")
        return cls(_env_file=data / ENV_FILE, **given)

    @property
    def url(self) -> str:
        """The address of the database, with SQLite in the data folder as the default."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data.resolve() / 'milkrun.db'}"

    @property
    def sqlite(self) -> bool:
        """Whether the database is a file of this machine, with one process that writes."""
        return self.url.startswith("sqlite")

    @property
    def backups(self) -> Path:
        """The folder backups go to unless a command names another one."""
        return self.backup_dir or self.data / "backup"

    @property
    def tls(self) -> tuple[Path, Path] | None:
        """Certificate and key that `milkrun cert` made, if it did."""
        certificate, key = self.data / "tls" / "server.pem", self.data / "tls" / "server.key"
        return (certificate, key) if certificate.exists() and key.exists() else None

    @property
    def origin(self) -> str:
        """The address people and devices are told."""
        if self.public_origins:
            return self.public_origins[0]
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @property
    def loopback(self) -> str:
        """The address at which programs of this machine reach the server."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def fingerprint(self) -> str | None:
        """The digest of a certificate of our own making, as the pairing QR carries it."""
        digest = self.data / "tls" / "ca.sha256"
        return digest.read_text().strip() if digest.exists() else None

    @property
    def ca_pem(self) -> str | None:
        """The certificate devices trust, when it is one of our own making."""
        certificate = self.data / "tls" / "ca.pem"
        return certificate.read_text() if certificate.exists() else None
