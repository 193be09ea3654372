"""Problems to measure the planner with: a folder of public instances, or our own ones."""

import gzip
import json
import math
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Row = list[list[int]]


@dataclass(frozen=True)
class Instance:
    """A problem with what is known of it; `best` is the least travel known, in its own units."""

    name: str
    family: str
    size: int
    best: int | None
    body: Json
    task: bool = False


def make(kind: str, size: int, seed: int) -> Json:
    """A problem of our own: `loop` is one vehicle with windows, `fleet` several with everything."""
    rng = random.Random(f"{kind}-{size}-{seed}")
    points = [(0.0, 0.0)] + [(rng.gauss(0, 3000), rng.gauss(0, 3000)) for _ in range(size)]
    rows = [[math.ceil(math.dist(a, b) / 8) for b in points] for a in points]
    jobs: list[Json] = [
        {
            "id": n, "location_index": n, "service": rng.randrange(200, 500),
            "delivery": [rng.randrange(1, 20), rng.randrange(1, 9), 1],
        }
        for n in range(1, size + 1)
    ]  # fmt: skip
    fleet = kind == "fleet"
    drivers = max(1, math.ceil(size / 12.5)) if fleet else 1
    shift = [0, 28_800 if fleet else 10**6]
    vehicles: list[Json] = [
        {
            "id": n, "start_index": 0, "end_index": 0, "time_window": shift,
            "capacity": [250, 110, 30] if fleet else [10**6] * 3,
        }
        for n in range(1, drivers + 1)
    ]  # fmt: skip
    if fleet:
        for number, job in enumerate(jobs):
            opens = rng.choice([0, 3600, 7200, 10_800])
            job["time_windows"] = [[opens, opens + 14_400]]
            if number % 7 == 0:
                job["skills"] = [1 + number % 2]
        for number, vehicle in enumerate(vehicles):
            vehicle["skills"] = [1, 2] if number % 2 else [1]
            vehicle["breaks"] = [{"id": 1, "time_windows": [[9000, 14_000]], "service": 1800}]
    return {"jobs": jobs, "vehicles": vehicles, "matrices": {"car": {"durations": rows}}}


def generated() -> list[Instance]:
    """What there is without a folder."""
    sizes = (("loop", 40), ("loop", 120), ("fleet", 60), ("fleet", 100))
    return [Instance(f"{kind}-{n}", f"own {kind}", n, None, make(kind, n, 1)) for kind, n in sizes]


def read(folder: Path, family: str | None = None) -> list[Instance]:
    """Everything a folder's manifest names, of one family if that is asked."""
    entries = json.loads((folder / "manifest.json").read_text("utf-8"))["instances"]
    wanted = [one for one in entries if family is None or one["family"].startswith(family)]
    return [_instance(folder, one) for one in wanted]


def _instance(folder: Path, entry: Json) -> Instance:
    data = (folder / entry["file"]).read_bytes()
    text = (gzip.decompress(data) if entry["file"].endswith(".gz") else data).decode()
    readers = {"tsptw": _tsptw, "solomon": _solomon, "vrplib": _vrplib, "lilim": _lilim}
    task = entry["format"] == "json"
    body = json.loads(text) if task else readers[entry["format"]](text, entry)
    return Instance(entry["name"], entry["family"], entry["n"], entry["best"], body, task)


def _problem(jobs: list[Json], rows: Row, horizon: list[int], room: int, count: int) -> Json:
    vehicles = [
        {"id": n + 1, "start_index": 0, "end_index": 0, "capacity": [room], "time_window": horizon}
        for n in range(count)
    ]
    return {"jobs": jobs, "vehicles": vehicles, "matrices": {"car": {"durations": rows}}}


def _tsptw(text: str, entry: Json) -> Json:
    numbers = [float(x) for line in text.splitlines() for x in line.split("#")[0].split()]
    size, scale = int(numbers[0]), entry["scale"]
    cells = [round(x * scale) for x in numbers[1 : 1 + size * size]]
    rows = [cells[n * size : (n + 1) * size] for n in range(size)]
    for n in range(size):
        rows[n][n] = 0
    ends = numbers[1 + size * size :]
    windows = [
        [math.ceil(ends[2 * n] * scale - 1e-9), math.floor(ends[2 * n + 1] * scale + 1e-9)]
        for n in range(size)
    ]
    jobs = [{"id": n, "location_index": n, "time_windows": [windows[n]]} for n in range(1, size)]
    return _problem(jobs, rows, windows[0], 0, 1)


def _euclid(points: list[tuple[float, float]], scale: int) -> Row:
    return [[math.floor(scale * math.dist(a, b)) for b in points] for a in points]


def _solomon(text: str, entry: Json) -> Json:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    at = next(n for n, line in enumerate(lines) if line[0] == "NUMBER")
    room, scale = int(lines[at + 1][1]), entry["scale"]
    rows = [[int(x) for x in line] for line in lines if len(line) == 7 and line[0].isdigit()]
    jobs = [
        {
            "id": n, "location_index": n, "delivery": [need], "service": service * scale,
            "time_windows": [[ready * scale, due * scale]],
        }
        for n, _, _, need, ready, due, service in rows[1:]
    ]  # fmt: skip
    horizon = [rows[0][4] * scale, rows[0][5] * scale]
    places = [(float(row[1]), float(row[2])) for row in rows]
    return _problem(jobs, _euclid(places, scale), horizon, room, entry["vehicles"])


def _vrplib(text: str, entry: Json) -> Json:
    parts = re.split(r"^(\w+_SECTION)\s*$", text, flags=re.MULTILINE)
    head = dict(re.findall(r"^(\w+)\s*:\s*(\S+)", parts[0], flags=re.MULTILINE))
    found = {
        name: [[int(x) for x in line.split()] for line in body.splitlines() if line[:1].isdigit()]
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    scale, size = entry["scale"], int(head["DIMENSION"])
    needs = [row[1] for row in found["DEMAND_SECTION"]]
    spans = [[row[1] * scale, row[2] * scale] for row in found["TIME_WINDOW_SECTION"]]
    services = [row[1] * scale for row in found.get("SERVICE_TIME_SECTION", [])]
    services = services or [int(head["SERVICE_TIME"]) * scale] * size
    if "EDGE_WEIGHT_SECTION" in found:
        cells = [x for row in found["EDGE_WEIGHT_SECTION"] for x in row]
        rows = [cells[n * size : (n + 1) * size] for n in range(size)]
    else:
        rows = _euclid([(float(r[1]), float(r[2])) for r in found["NODE_COORD_SECTION"]], scale)
    for n in range(size):
        rows[n][n] = 0
    jobs = [
        {
            "id": n, "location_index": n, "delivery": [needs[n]], "service": services[n],
            "time_windows": [spans[n]],
        }
        for n in range(1, size)
    ]  # fmt: skip
    return _problem(jobs, rows, spans[0], int(head["CAPACITY"]), entry["vehicles"])


def _lilim(text: str, entry: Json) -> Json:
    lines = [[int(x) for x in line.split()] for line in text.splitlines() if line.strip()]
    (_, room, _), rows, scale = lines[0], lines[1:], entry["scale"]

    def end(row: list[int]) -> Json:
        span = [row[4] * scale, row[5] * scale]
        return {"id": row[0], "location_index": row[0], "service": row[6] * scale,
                "time_windows": [span]}  # fmt: skip

    shipments = [
        {"amount": [row[3]], "pickup": end(row), "delivery": end(rows[row[8]])}
        for row in rows
        if row[8] > 0
    ]
    horizon = [rows[0][4] * scale, rows[0][5] * scale]
    places = [(float(row[1]), float(row[2])) for row in rows]
    made = _problem([], _euclid(places, scale), horizon, room, entry["vehicles"])
    return made | {"shipments": shipments}
