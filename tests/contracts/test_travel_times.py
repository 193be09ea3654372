"""The adapters of travel times keep their promises."""

from server.travel.adapters.greatcircle import GreatCircle
from server.travel.ports import TravelTimes
from tests.contracts.travel_times import TravelTimesContract


class TestGreatCircle(TravelTimesContract):
    """The default adapter."""

    def adapter(self) -> TravelTimes:
        return GreatCircle()
