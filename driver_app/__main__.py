"""The app on this machine, shown in a browser, against any server."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from flet_web.fastapi.serve_fastapi_web_app import serve_fastapi_web_app

from driver_app.browser import ASSETS, make_browser_main

PORT = 8550
DATA = "data/driver"
HOST = "127.0.0.1"


async def serve(port: int, data: Path) -> None:
    """Serve the web client until the process is told to end."""
    handle = await serve_fastapi_web_app(
        make_browser_main({}, "", data),
        None,
        HOST,
        HOST,
        port,
        "",
        str(ASSETS),
        "",
        no_cdn=True,
        on_startup=lambda url: sys.stdout.write(f"Driver app: {url}/\n"),
        log_level="warning",
    )
    await handle.serve_task


def main() -> None:
    """Read the two settings and serve."""
    port = int(os.environ.get("MILKRUN_DRIVER_PORT", PORT))
    data = Path(os.environ.get("MILKRUN_DRIVER_DATA", DATA)).resolve()
    data.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(port, data))


if __name__ == "__main__":
    main()
