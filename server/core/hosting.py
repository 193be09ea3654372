"""The process around the server: its folder, its address, its web server, its one lock."""

import fcntl
import gc
import ipaddress
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from server.core.leaving import Leaving
from server.core.settings import Settings

DONE, INTERNAL, BAD_USE, MISSING, FINDINGS = 0, 1, 2, 3, 4  # exit codes of every verb
LIMIT_CONCURRENCY = 2_000
GRACE_S = 2
Address = socket.socket
UNIT = """\
[Unit]
Description=Milk Run
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={milkrun} serve
Environment=MILKRUN_DATA={data}
Restart=always
RestartSec=2
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={data} -{backups}
UMask=0077

[Install]
WantedBy=multi-user.target
"""

LOCK_FILE = "server.lock"


class Stop(Exception):
    """The command ends here: one clear sentence and the exit code that fits."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def prepare_data(settings: Settings) -> None:
    """Make the data folder and see that it can be written."""
    folder = settings.data.resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Stop(
            MISSING,
            f"The data folder {folder} cannot be written ({error.strerror or error}). "
            "Set MILKRUN_DATA to a folder that can, or change its rights.",
        ) from error
    env_file = folder / "milkrun.env"
    if env_file.exists():
        env_file.chmod(0o600)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep a second server off the same folder: SQLite has one process that writes."""
    with (folder / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Stop(
                MISSING,
                f"Another Milk Run server already works with {folder.resolve()}. "
                "End it first, or set MILKRUN_DATA to another folder.",
            ) from error
        yield


def check_address(settings: Settings) -> None:
    """Refuse an address others can reach unless TLS or a declared proxy protects it."""
    if _is_loopback(settings.host) or settings.tls or settings.trusted_proxies:
        return
    raise Stop(
        MISSING,
        f"The address {settings.host} can be reached from outside, so it needs TLS: "
        f"run `milkrun cert --host {settings.host}` or name the proxy that does TLS in "
        "MILKRUN_TRUSTED_PROXIES.",
    )


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def bind(host: str, port: int) -> Address:
    """Take the address, or say in one sentence why it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2_048)
    except OSError as error:
        found.close()
        raise Stop(
            MISSING,
            f"The address {host}:{port} cannot be used ({os.strerror(error.errno or 0)}). "
            "Choose another port with MILKRUN_PORT or --port.",
        ) from error
    except OverflowError as error:
        found.close()
        raise Stop(BAD_USE, f"{port} is not a port.") from error
    found.set_inheritable(True)
    return found


class _Server(uvicorn.Server):
    """The web server; asked to end, it ends the open streams first."""

    def __init__(self, config: uvicorn.Config, leaving: Leaving) -> None:
        super().__init__(config)
        self._leaving = leaving

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._leaving.leave()
        super().handle_exit(sig, frame)


def web_server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """Make the web server; it keeps quiet, the app's own log speaks."""
    tls = settings.tls
    leaving = Leaving(app)
    config = uvicorn.Config(
        leaving,
        log_level="warning",
        access_log=False,
        lifespan="on",
        limit_concurrency=LIMIT_CONCURRENCY,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=str(tls[0]) if tls else None,
        ssl_keyfile=str(tls[1]) if tls else None,
    )
    return _Server(config, leaving)


def serve(app: ASGIApp, settings: Settings, address: Address) -> None:
    """Answer until somebody ends the process."""
    server = web_server(app, settings)
    # The web server passes a signal on when it has finished; this way `with` blocks end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # What was loaded to start stays for good: looking through it for garbage takes 100 ms a time.
    gc.collect()
    gc.freeze()
    with suppress(KeyboardInterrupt):
        server.run(sockets=[address])
    if not server.started:
        raise Stop(INTERNAL, "The server could not start; the lines above say why.")
