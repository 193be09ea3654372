"""What every adapter of travel times promises."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import pytest

from server.travel.ports import Capability, Place, Profile, TravelTimes, Unsupported
from shared.geo import Point

VAN = Profile("van")
HELSINKI: list[Place] = [
    Point(lat=60.1699, lon=24.9384),
    Point(lat=60.2055, lon=24.6559),
    Point(lat=60.2934, lon=25.0378),
]


class TravelTimesContract(ABC):
    """Run against every adapter."""

    @abstractmethod
    def adapter(self) -> TravelTimes:
        """The one under test."""

    def test_a_place_is_no_way_from_itself(self) -> None:
        found = self.adapter().matrix(VAN, HELSINKI, None)

        assert np.diagonal(found.seconds).tolist() == [0, 0, 0]
        assert np.diagonal(found.metres).tolist() == [0, 0, 0]

    def test_other_places_take_time(self) -> None:
        found = self.adapter().matrix(VAN, HELSINKI, None)

        assert (found.seconds + np.eye(3) > 0).all()
        assert found.seconds.dtype == np.float32
        assert found.snap_m.shape == (3,)

    def test_a_row_equals_the_row_and_the_column_of_the_matrix(self) -> None:
        whole = self.adapter().matrix(VAN, HELSINKI, None)

        row = self.adapter().row(VAN, HELSINKI[0], HELSINKI[1:])

        assert row.seconds.tolist() == [
            whole.seconds[0, 1:].tolist(),
            whole.seconds[1:, 0].tolist(),
        ]
        assert row.metres.tolist() == [whole.metres[0, 1:].tolist(), whole.metres[1:, 0].tolist()]

    def test_the_same_question_gets_the_same_answer(self) -> None:
        first, second = (self.adapter().matrix(VAN, HELSINKI, None) for _ in "ab")

        assert first.seconds.tolist() == second.seconds.tolist()

    def test_what_it_cannot_do_is_refused_before_any_work(self) -> None:
        adapter = self.adapter()
        calls: dict[Capability, Callable[[], object]] = {
            "route": lambda: adapter.route(VAN, HELSINKI, None, "en"),
            "match": lambda: adapter.match(VAN, []),
            "isochrone": lambda: adapter.isochrone(VAN, HELSINKI[0], [10]),
        }

        for capability in calls.keys() - adapter.capabilities():
            with pytest.raises(Unsupported):
                calls[capability]()
