"""No feature of the device can hold up or break an act."""

import asyncio

import pytest

from driver_app.device.bounded import Bounds, bounded
from driver_app.device.ports import Ok, Unavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def works() -> int:
    return 7


async def breaks() -> int:
    raise RuntimeError("no such camera")


async def forbids() -> int:
    raise PermissionError


async def hangs() -> int:
    await asyncio.Event().wait()
    return 7


async def test_an_answer_comes_through() -> None:
    assert await bounded("camera", works(), 1) == Ok(7)


async def test_whatever_it_raises_becomes_a_reason() -> None:
    assert await bounded("camera", breaks(), 1) == Unavailable("failed")
    assert await bounded("camera", forbids(), 1) == Unavailable("denied")


async def test_a_feature_that_hangs_is_left_after_its_limit() -> None:
    assert await bounded("camera", hangs(), 0.001) == Unavailable("timeout")


async def test_failures_are_counted_by_name_and_reason() -> None:
    bounds = Bounds()

    await bounds.bounded("camera", breaks(), 1)
    await bounds.bounded("camera", breaks(), 1)

    assert bounds.counts == {("camera", "failed"): 2}


async def test_a_cancelled_act_is_not_swallowed() -> None:
    task = asyncio.create_task(bounded("camera", hangs(), 60))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
