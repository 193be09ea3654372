"""A small resequencing task in JSON, for tests that change one thing about it."""

from typing import Any


def a_task(**members: Any) -> dict[str, Any]:
    """Stop 10 done, 11 driven to, 12 open; plant at place 0."""
    rows = [[0, 600, 900, 1200], [600, 0, 700, 800], [900, 700, 0, 500], [1200, 800, 500, 0]]
    task = {
        "format": "milkrun.resequence/1",
        "run": {"id": "r-1", "version": 7},
        "now_s": 36000,
        "vehicle": {
            "index": 1,
            "end_index": 0,
            "available_s": 36120,
            "end_window": [0, 64800],
            "max_overtime_s": 0,
            "capacity": [900, 40],
            "load": [420, 18],
            "profile": "car",
        },
        "stops": [
            {
                "id": 11,
                "index": 2,
                "service": 300,
                "time_windows": [[36000, 43200]],
                "delivery": [20, 1],
                "pickup": [0, 1],
            },
            {"id": 12, "index": 3, "service": 240},
        ],
        "order": [10, 11, 12],
        "done": [10],
        "committed": [11],
        "changes": [],
        "policy": {"keep_s": 600, "max_moved_stops": None, "allow_drop": False},
        "matrices": {"car": {"durations": rows, "distances": rows}},
    }
    return task | members
