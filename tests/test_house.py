"""The rules of the house, executable: floors, doors, sizes, and what stands at the top."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
ROUTE_LINES_MAX = 10
PACKAGES = ("shared", "driver_app", "server", "tests")

TOP = {
    ".ci",
    ".git",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "README.md",
    "assets",
    "docs",
    "driver_app",
    "pyproject.toml",
    "requirements.lock",
    "server",
    "shared",
    "tests",
}

# Libraries with one door, and modules only their own room may open (house-tools.md §1).
DOORS = {
    "pyvrp": ("server.planner.pyvrp_adapter",),
    "httpx": ("driver_app.sync.http", "server.core.outbound"),
    "requests": ("driver_app.sync.http", "server.core.outbound"),
    "urllib.request": ("driver_app.sync.http", "server.core.outbound"),
    "socket": ("driver_app.sync.http", "server.core.outbound", "server.core.hosting"),
    "flet_audio": ("driver_app.device",),
    "flet_camera": ("driver_app.device",),
    "flet_geolocator": ("driver_app.device",),
    "flet_permission_handler": ("driver_app.device",),
    "flet_secure_storage": ("driver_app.device",),
    "apscheduler": ("server.schedule.alarm",),
    "sqlite3": ("driver_app.store", "server.core.db", "server.backup"),
    "server.travel.adapters": ("server.app", "server.cli", "server.travel.adapters"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*packages: str) -> list[Path]:
    """All Python files of the packages, without generated ones."""
    found = [p for package in packages for p in sorted((ROOT / package).rglob("*.py"))]
    return [p for p in found if "versions" not in p.parts]


@cache
def tree_of(path: Path) -> ast.Module:
    """A file's syntax tree, read once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    """A file's dotted module name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Dotted names a file imports, lazily or not."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, room: str) -> bool:
    """Whether a module is the room or lies in it."""
    return module == room or module.startswith(room + ".")


def functions(path: Path) -> Iterator[Function]:
    """All functions of a file, inner ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            yield node


def test_nothing_else_stands_at_the_top() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert {Path(name).parts[0] for name in listed} <= TOP


@pytest.mark.timeout(120)
def test_imports_go_down_only() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


def test_single_libraries_have_one_door() -> None:
    trespassers = [
        f"{named(path)} imports {name}"
        for path in sources("driver_app", "server")
        for name in set(imports(path))
        for library, doors in DOORS.items()
        if within(name, library) and not any(within(named(path), door) for door in doors)
    ]

    assert trespassers == []


def test_tables_are_touched_by_their_own_room_only() -> None:
    trespassers = []
    for path in sources("server"):
        module = named(path)
        for name in imports(path):
            parts = name.split(".")
            if parts[0] != "server" or parts[2:3] != ["tables"]:
                continue
            allowed = (".".join(parts[:2]), "server.migrations", "server.analytics.queries")
            if not any(within(module, room) for room in allowed):
                trespassers.append(f"{module} imports {name}")

    assert trespassers == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = []
    for path in sources(*PACKAGES):
        text = (ast.get_docstring(tree_of(path)) or "").strip().splitlines()
        if not text or not text[0].endswith((".", "?", "!")):
            silent.append(named(path))

    assert silent == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_files_stay_small() -> None:
    counted = {named(p): len(p.read_text("utf-8").splitlines()) for p in sources(*PACKAGES)}

    assert {name: n for name, n in counted.items() if n > FILE_LINES_MAX} == {}


def test_functions_stay_small() -> None:
    long = [
        f"{named(path)}.{function.name}"
        for path in sources(*PACKAGES)
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > FUNCTION_LINES_MAX
    ]

    assert long == []


def is_route(function: Function) -> bool:
    """Whether a function of an api.py answers a path."""
    calls = [d.func for d in function.decorator_list if isinstance(d, ast.Call)]
    return any(
        isinstance(call, ast.Attribute)
        and isinstance(call.value, ast.Name)
        and call.value.id == "router"
        for call in calls
    )


def test_routes_only_parse_ask_and_answer() -> None:
    fat = []
    for path in (ROOT / "server").rglob("api.py"):
        for function in filter(is_route, functions(path)):
            first = function.body[1:] if ast.get_docstring(function) else function.body
            lines = (first[-1].end_lineno or 0) - first[0].lineno + 1 if first else 0
            if lines > ROUTE_LINES_MAX:
                fat.append(f"{named(path)}.{function.name}")

    assert fat == []


def test_only_the_edge_commits() -> None:
    committers = {
        named(path)
        for path in sources("server")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and node.attr == "commit"
        and isinstance(node.value, ast.Name)
        and node.value.id == "session"
    }

    assert all(within(name, "server.core") for name in committers), committers
