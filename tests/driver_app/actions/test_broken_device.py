"""Camera, position, vibration and key store may all be broken: every stop can be finished."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from driver_app import actions
from driver_app.actions import Saved
from driver_app.device.fakes import (
    FakeBattery,
    FakeFeedback,
    FakeLocation,
    MemorySecrets,
    SteppedClock,
    fake_ports,
)
from driver_app.device.ports import Ports
from tests.driver_app.actions.a_shift import NAMES, RUN_ID, begin_shift, visit_id
from tests.helpers.builders import START_MS
from tests.helpers.device_rows import stop_row

pytestmark = pytest.mark.anyio


def unavailable(mood: str) -> Ports:
    clock = SteppedClock(wall_ms=START_MS)
    return fake_ports(clock=clock, mood=mood)  # type: ignore[arg-type]


def hanging(_mood: str) -> Ports:
    ports = fake_ports(clock=SteppedClock(wall_ms=START_MS))
    return replace(
        ports,
        feedback=FakeFeedback(hangs=True),
        location=FakeLocation(hangs=True),
        battery=FakeBattery(hangs=True),
        secrets=MemorySecrets("timeout"),
    )


@pytest.mark.parametrize(
    ("made", "mood"),
    [(unavailable, "denied"), (unavailable, "absent"), (unavailable, "failed"), (hanging, "")],
)
async def test_a_whole_run_is_finished_on_a_broken_device(
    tmp_path: Path, made: Callable[[str], Ports], mood: str
) -> None:
    demanded = [stop_row(name, n, proof={"photo": "required"}) for n, name in enumerate(NAMES, 1)]
    shift = await begin_shift(tmp_path, rows=demanded, ports=made(mood))
    ctx = shift.ctx

    answers: list[object] = [await actions.start_run(ctx, RUN_ID)]
    for name in NAMES:
        answers.append(await actions.arrive(ctx, visit_id(name)))
        draft = await shift.sheet(name)
        draft.no_proof_reason = "camera_broken"
        answers.append(await actions.complete_stop(ctx, visit_id(name), draft))
    answers.append(await actions.finish_run(ctx, RUN_ID))

    assert all(isinstance(answer, Saved) for answer in answers)
    assert shift.run.state == "completed"
    await shift.session.end()
