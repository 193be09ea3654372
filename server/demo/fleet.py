"""Vehicles and drivers of the demo; every driver of the demo has the same PIN."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from server.demo.keys import demo_id

DEMO_PIN = "2468"


@dataclass(frozen=True)
class Machine:
    """A vehicle, and the driver who simulates driving it (nobody = free for a visitor)."""

    key: str
    given: dict[str, Any]
    driver: str | None
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id from the key."""
        object.__setattr__(self, "id", demo_id(f"vehicle {self.key}"))


@dataclass(frozen=True)
class Person:
    """A driver."""

    name: str
    lang: str = "en"
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id from the name."""
        object.__setattr__(self, "id", demo_id(f"driver {self.name}"))


VISITOR = Person("Vera Visitor")
NORA, TIM = Person("Nora Beispiel"), Person("Tim Muster")
RESERVE = Person("Ole Reserve", "de")
OPERATORS = tuple(
    Person(name)
    for name in (
        "Ada Taktwerk", "Ben Schleppe", "Cem Ladegut", "Dora Leerbox", "Emil Halle", "Fee Wagen",
    )
)  # fmt: skip
DRIVERS = (NORA, TIM, RESERVE, VISITOR, *OPERATORS)

TRUCK_12T = Machine(
    "D01-TRUCK",
    {
        "name": "Truck 12 t", "plate": "L-MR 1201", "kind": "truck", "vehicle_class": "truck",
        "capacity_kg": 5_500.0, "capacity_l": 36_000.0, "capacity_units": 15.0, "height_m": 3.6,
        "energy": "diesel",
    },
    NORA.name,
)  # fmt: skip
TRUCK_18T = Machine(
    "D04-TRUCK",
    {
        "name": "Truck 18 t two compartments", "plate": "L-MR 1804", "kind": "truck",
        "vehicle_class": "truck", "capacity_kg": 9_000.0, "capacity_units": 45.0,
        "height_m": 3.8, "energy": "diesel", "skills": ("cold",),
    },
    TIM.name,
)  # fmt: skip
SPARE = Machine(
    "SPARE",
    {
        "name": "Truck 12 t for visitors", "plate": "L-MR 1202", "kind": "truck",
        "vehicle_class": "truck", "capacity_kg": 5_500.0, "capacity_l": 36_000.0,
        "capacity_units": 15.0,
        "energy": "diesel",
    },
    None,
)  # fmt: skip


def _tugger(key: str, name: str, driver: str) -> Machine:
    given = {"name": name, "kind": "tugger", "vehicle_class": "tugger", "capacity_units": 24.0,
             "goods_carriers": 3, "energy": "electric"}  # fmt: skip
    return Machine(key, given, driver)


TUGGERS_1 = (
    _tugger("T1-A", "Tugger 1 A", OPERATORS[0].name),
    _tugger("T1-B", "Tugger 1 B", OPERATORS[1].name),
)
TUGGER_2 = _tugger("T2-A", "Tugger 2", OPERATORS[2].name)
VEHICLES = (TRUCK_12T, TRUCK_18T, SPARE, *TUGGERS_1, TUGGER_2)
DRIVEN = tuple(one for one in VEHICLES if one.driver is not None)
