"""The app without a browser: a real Flet session on a connection that records and answers.

The only user of Flet's private API. Each message is msgpack-encoded, because encoding takes the
snapshot the next difference is made from.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import flet as ft
import msgpack  # type: ignore[import-untyped]  # Flet's own wire format
from flet.components.component import Component
from flet.controls.base_control import BaseControl
from flet.controls.context import _context_page
from flet.messaging.connection import Connection
from flet.messaging.protocol import (
    Message,
    MessageAction,
    configure_encode_object_for_msgpack,
)
from flet.messaging.session import Session
from flet.pubsub.pubsub_hub import PubSubHub

DISPATCH_S = 5.0
Main = Callable[[ft.Page], Awaitable[None]]
Answer = Callable[[Any], Any]


class Recording(Connection):
    """Takes every message, answers method calls from a table."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Flet's
        self.loop = asyncio.get_running_loop()
        self.executor = ThreadPoolExecutor(1)
        self.pubsubhub = PubSubHub(loop=self.loop, executor=self.executor)
        self.page_name = "test"
        self.page_url = "http://test.invalid"
        self.session: Session | None = None
        self.sent: list[int] = []
        self.crashes: list[str] = []
        self.calls: list[tuple[str, Any]] = []
        self._answers = answers
        self._encode: Any = configure_encode_object_for_msgpack(BaseControl)  # type: ignore[no-untyped-call]  # Flet's

    def send_message(self, message: Message) -> None:
        """Record the size, and answer as a client would."""
        self.sent.append(len(self.encode([message.action, message.body])))
        if message.action == MessageAction.SESSION_CRASHED:
            self.crashes.append(message.body.message)
        if message.action == MessageAction.INVOKE_METHOD:
            self.calls.append((message.body.name, message.body.args))
            self.loop.create_task(self._answer(message.body))

    def encode(self, body: Any) -> bytes:
        """The bytes that would go over the wire."""
        return bytes(msgpack.packb(body, default=self._encode))

    async def _answer(self, call: Any) -> None:
        assert self.session is not None
        made = self._answers.get(call.name)
        result = made(call.args) if made is not None else None
        if call.name == "push_route":
            await self._moved(call.args["route"])
        self.session.handle_invoke_method_results(call.control_id, call.call_id, result, None)

    async def _moved(self, route: str) -> None:
        assert self.session is not None
        page = self.session.page
        self.session.apply_page_patch({"route": route})
        await self.session.dispatch_event(page._i, "route_change", {"route": route})


class HeadlessApp:
    """One session of the app; `async with` starts it and closes it again."""

    def __init__(
        self,
        main: Main,
        *,
        route: str = "/",
        width: float = 412,
        height: float = 915,
        answers: dict[str, Answer] | None = None,
    ) -> None:
        self._main = main
        self._start = {"route": route, "width": width, "height": height, "web": False}
        self._answers = answers or {}
        self.connection: Recording
        self._others: set[asyncio.Task[Any]] = set()
        self.session: Any  # Flet's Session, mostly untyped

    async def __aenter__(self) -> Self:
        self._others = asyncio.all_tasks()
        self.connection = Recording(self._answers)
        self.session = Session(self.connection)
        self.connection.session = self.session
        self.session.apply_page_patch(self._start)
        # The client is sent the whole page first: encoding it takes the first snapshot.
        self.connection.encode(self.session.get_page_patch())
        _context_page.set(self.session.page)
        await asyncio.wait_for(self._main(self.session.page), DISPATCH_S)
        await self.settle()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.session.close()
        await self.settle()
        self.connection.executor.shutdown(wait=True)

    async def settle(self, turns: int = 40) -> None:
        """Let renders, effects and acts that wait for the disk come to rest."""
        for _turn in range(turns):
            await asyncio.sleep(0.002)

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait until something is seen, at most as long as a dispatch may take."""
        async with asyncio.timeout(DISPATCH_S):
            while not seen():  # noqa: ASYNC110  nothing tells when a screen came to rest
                await asyncio.sleep(0.005)

    @property
    def page(self) -> ft.Page:
        """The page of the session."""
        page: ft.Page = self.session.page
        return page

    def controls(self) -> Iterator[BaseControl]:
        """All controls of the top view, in the order they are shown."""
        views = _bodies(self.page.views)
        yield from _walk(views[-1])

    def find(self, identifier: str) -> BaseControl:
        """The control inside the Semantics with this identifier."""
        found = self.maybe(identifier)
        assert found is not None, f"{identifier} is not shown; there is {self.identifiers()}"
        return found

    def maybe(self, identifier: str) -> BaseControl | None:
        """The same, or nothing."""
        for each in self.controls():
            if isinstance(each, ft.Semantics) and each.identifier == identifier:
                return each.content
        return None

    def identifiers(self) -> list[str]:
        """Everything that can be named on the screen."""
        return [
            each.identifier
            for each in self.controls()
            if isinstance(each, ft.Semantics) and each.identifier
        ]

    def texts(self) -> list[str]:
        """Every text of the screen, from top to bottom."""
        return [each.value for each in self.controls() if isinstance(each, ft.Text)]

    def says(self, words: str) -> bool:
        """Whether the words stand somewhere on the screen."""
        return any(words in text for text in self.texts())

    async def fire(self, control: BaseControl, event: str, data: Any = None) -> None:
        """Send an event as the client would, then wait for what follows."""
        dispatched = self.session.dispatch_event(control._i, event, data)
        await asyncio.wait_for(dispatched, DISPATCH_S)
        await self.settle()

    async def go(self, route: str) -> None:
        """Follow a route."""
        await asyncio.wait_for(self.page.push_route(route), DISPATCH_S)
        await self.settle()

    async def lifecycle(self, state: str) -> None:
        """The system puts the app away or brings it back."""
        await self.fire(self.page, "app_lifecycle_state_change", {"state": state})

    def bytes_sent(self) -> int:
        """Bytes that went to the client since the last question."""
        total = sum(self.connection.sent)
        self.connection.sent.clear()
        return total

    def renders(self) -> Counter[str]:
        """How many instances of each component are shown."""
        return Counter(
            each.fn.__name__ for each in _walk_all(self.page.views) if isinstance(each, Component)
        )

    def kill(self) -> None:
        """Drop the session as a killed process would: nothing is closed."""
        for task in asyncio.all_tasks() - self._others:
            task.cancel()


def _bodies(value: Any) -> list[Any]:
    while isinstance(value, Component):
        value = value._b
    if isinstance(value, list):
        return [body for each in value for body in _bodies(each)]
    return [value]


def _walk(value: Any) -> Iterator[BaseControl]:
    for body in _bodies(value):
        if not isinstance(body, BaseControl) or not getattr(body, "visible", True):
            continue
        yield body
        for name in ("controls", "content"):
            inner = getattr(body, name, None)
            if inner is not None and not isinstance(inner, str):
                yield from _walk(inner)


def _walk_all(value: Any) -> Iterator[Any]:
    yield value
    for inner in _inside(value):
        yield from _walk_all(inner)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, Component):
        return [value._b]
    parts = (getattr(value, name, None) for name in ("controls", "content"))
    return [part for part in parts if part is not None and not isinstance(part, str)]
