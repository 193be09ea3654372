"""Two dispatched runs of one morning in two vans, and visits that go from one to the other."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from server.core.access import Principal
from server.core.db import Reads
from server.core.writer import AnyWriter
from server.dispatch import service
from server.dispatch.service import Place, Transfer
from server.runs import queries as runs
from server.runs.queries import RunView
from server.schedule.service import dispatch_due, materialise
from shared.ids import RunId, VehicleId
from shared.loop import Stop
from shared.plan import NewLine
from tests.helpers.a_site import (
    MONDAY,
    NOON,
    SITE,
    SUPERVISOR,
    add_vehicle,
    found_site,
    no_gate,
    publish_loop,
    version,
)
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EVENING

VAN_A, VAN_B = (VehicleId(id_of(f"vehicle {name}")) for name in ("Van A", "Van B"))


def two_runs(
    writer: AnyWriter, reads: Reads, *, dispatched: bool = True
) -> tuple[RunView, RunView]:
    """Run A past bakery, dairy and mill, run B past the mill alone; a line of goods per stop."""
    found_site(writer)
    for name, stops in (("A", ("bakery", "dairy", "mill")), ("B", ("mill",))):
        van = add_vehicle(writer, f"Van {name}")
        own = [
            Stop(location_id=id_of(stop), lines=(NewLine(part_no=f"P-{stop}", qty=3),))
            for stop in stops
        ]
        publish_loop(writer, version(own_stops=own, vehicle_ids=(van,)), code=name)
    materialise(reads, writer, NOON)
    if dispatched:
        dispatch_due(reads, writer, no_gate, EVENING)
    a, b = both(reads)
    return a, b


def both(reads: Reads) -> tuple[RunView, RunView]:
    """The two runs as they are now."""
    found = reads.run(lambda s: runs.day(s, SUPERVISOR, MONDAY + timedelta(days=1)))
    views = reads.run(lambda s: runs.views(s, SITE, [row.id for row in found]))
    by_van = {view.run.vehicle_id: view for view in views}
    return by_van[VAN_A], by_van[VAN_B]


def send_over(
    writer: AnyWriter,
    source: RunView,
    target: RunView,
    *visits: UUID,
    place: Place | None = None,
    who: Principal = SUPERVISOR,
    behind: tuple[int, int] = (0, 0),
) -> dict[str, Any]:
    """Move visits from one run to the other; `behind` is how old the look at either plan is."""
    asked = Transfer(
        visits,
        RunId(target.run.id),
        source.run.plan_version - behind[0],
        target.run.plan_version - behind[1],
        place or Place(),
        "sick driver",
    )
    key = RunId(source.run.id)
    return writer.run(lambda s: service.transfer(s, who, key, asked, now=EVENING))
