"""Travel without roads."""

import pytest

from server.travel.adapters.greatcircle import GreatCircle
from server.travel.ports import Profile
from server.travel.rules import estimate, estimates, point_key, speed_m_s
from shared.geo import PlantPoint, Point
from shared.refusals import Refusal

BERLIN, POTSDAM = Point(lat=52.52, lon=13.405), Point(lat=52.3906, lon=13.0645)
GATE = PlantPoint(plan="p", x_m=0, y_m=0)
LINE = PlantPoint(plan="p", x_m=30, y_m=40)


def test_the_way_is_longer_than_the_line_and_takes_its_class_of_speed() -> None:
    seconds, metres = estimate(BERLIN, POTSDAM, "van")

    assert 35_000 < metres < 37_500
    assert seconds == pytest.approx(metres / (60 / 3.6), abs=1)


def test_short_ways_are_slow_ways() -> None:
    assert speed_m_s("van", 1_000) < speed_m_s("van", 9_000) < speed_m_s("van", 90_000)


def test_a_vehicle_class_nobody_described_drives_like_a_van() -> None:
    assert estimate(BERLIN, POTSDAM, "hovercraft") == estimate(BERLIN, POTSDAM, "van")


def test_in_the_plant_straight_metres_count_at_walking_pace() -> None:
    assert estimate(GATE, LINE, "tugger") == (34, 50)


def test_there_is_no_way_between_the_road_and_a_floor_plan() -> None:
    with pytest.raises(Refusal):
        estimate(BERLIN, GATE, "van")
    with pytest.raises(Refusal):
        estimates([BERLIN, GATE], "van")


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    seconds, metres = estimates([BERLIN, POTSDAM], "truck")

    one = estimate(BERLIN, POTSDAM, "truck")
    assert abs(seconds[0][1] - one[0]) <= 1
    assert abs(metres[0][1] - one[1]) <= 1
    assert estimates([GATE, LINE], "tugger") == ([[0, 34], [34, 0]], [[0, 50], [50, 0]])


def test_the_adapter_measures_a_floor_plan_too() -> None:
    found = GreatCircle().matrix(Profile("tugger"), [GATE, LINE], None)

    assert found.metres.tolist() == [[0, 50], [50, 0]]


def test_places_a_metre_apart_share_their_legs() -> None:
    assert point_key(BERLIN) == point_key(Point(lat=52.520001, lon=13.405))
    assert point_key(GATE) != point_key(LINE)


def test_limits_of_a_vehicle_are_part_of_its_key() -> None:
    assert Profile("truck").key == "truck"
    assert Profile("truck", height_m=3.8).key != Profile("truck").key
