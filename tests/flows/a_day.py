"""What happens at the office during a flow: plan changes, devices taken away."""

from uuid import UUID

from sqlmodel import Session

from server.people import devices
from server.runs import queries as runs
from server.runs.service import plans
from server.runs.service.plans import AddedVisit, PlanDraft, VisitEdit
from shared.ids import DeviceId, RunId
from tests.helpers.builders import id_of
from tests.helpers.world import Phone, World
from tests.server.sync.a_device import Circle, found_site, open_circle

CAFE = "cafe"


def begin(world: World, *names: str) -> Circle:
    """A site with a depot and these places, and a run past them, on the van's devices."""
    found_site(world.parts, world.boss, *names, CAFE)
    return open_circle(world.parts, world.boss, *names)


async def on_the_road(world: World, *names: str) -> tuple[Circle, Phone]:
    """The same, and a phone in the van that has the run."""
    circle = begin(world, *names)
    phone = await world.phone()
    await phone.sync()
    return circle, phone


def change_plan(
    world: World, circle: Circle, order: list[str], *, cancel: str = "", insert: bool = False
) -> None:
    """The office writes the next version: this order by name, one cancelled, the cafe added."""
    added = AddedVisit(id_of("new visit"), id_of(CAFE))
    ids = [UUID(circle.visits[name]) if name != CAFE else added.id for name in order]
    edits = {UUID(circle.visits[cancel]): VisitEdit(plan_state="cancelled")} if cancel else {}
    draft = PlanDraft(
        order=ids,
        legs=[(600, 5_000)] * (len(ids) + 1),
        edits=edits,
        added=(added,) if insert else (),
    )
    now = world.clock.now()

    def write(session: Session) -> None:
        run_id = RunId(UUID(circle.run))
        version = runs.load(session, world.boss.site_id, run_id).run.plan_version
        plans.write_plan(
            session,
            world.boss.site_id,
            run_id,
            draft,
            expected_version=version,
            by="Office",
            reason="customer",
            now=now,
        )

    world.parts.writer.run(write)


def lock(world: World, phone: Phone, state: str) -> None:
    """The office retires a device, or locks it as stolen."""
    device = DeviceId(UUID(phone.state.session.device_id))
    world.parts.writer.run(
        lambda s: devices.set_state(
            s, world.boss, device, state=state, reason="test", now=world.clock.now()
        )
    )


def facts_at_the_office(world: World, circle: Circle) -> dict[str, str]:
    """Outcome of each visit as the board knows it, by the name of the place."""
    view = world.parts.reads.run(
        lambda s: runs.load(s, world.boss.site_id, RunId(UUID(circle.run)))
    )
    found = {str(one.id): one.fact_state for one in view.visits}
    return {name: found[id_] for name, id_ in circle.visits.items()}
