"""Warm solver processes: native code is not trusted with the process that answers people.

A worker that dies, runs over or wants too much memory is replaced, and its caller gets nothing.
"""

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from threading import Condition, Lock
from time import monotonic
from types import ModuleType
from typing import Any

from server.planner.model import Search, Solved

SOLVER_PROCESSES = 2
GRACE_S = 2.0
MEMORY_MAX_BYTES = 3 << 30
READY_S = 60.0
SHARED_MACHINE = 60  # a second of one's own may take long where others work
READY = "ready"

_CONTEXT = multiprocessing.get_context("spawn")
_STARTING = Lock()


class SolverLost(Exception):
    """No answer came: the worker died, ran over, or could not be started."""


class SolverBusy(SolverLost):
    """No solver was free or ready in time; nothing is wrong with any of them."""


class SolverFailed(Exception):
    """The solver refused the problem; asking again would not help."""


class _Worker:
    """One process with one solver, and the line to it."""

    def __init__(self) -> None:
        self.line, far = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(far,), daemon=True)
        with _bare_main():
            self.process.start()
        far.close()
        self.warm = False

    def wait_warm(self, seconds: float) -> bool:
        """Whether the worker is ready to solve, at the latest after so long."""
        if not self.warm:
            self.warm = self._heard(seconds) == READY
        return self.warm

    def ask(self, search: Search, seconds: float) -> Solved:
        try:
            self.line.send(search)
        except OSError as error:
            raise SolverLost(str(error)) from error
        answer = self._heard(seconds)
        if isinstance(answer, Solved):
            return answer
        if isinstance(answer, str):
            raise SolverFailed(answer)
        raise SolverLost("the solver process is gone" if not self.alive() else "out of time")

    def _heard(self, seconds: float) -> Any:
        """What the worker says; nothing when it dies or stays silent."""
        wait([self.line, self.process.sentinel], max(0.0, seconds))
        with suppress(EOFError, OSError):
            if self.line.poll():
                return self.line.recv()
        return None

    def alive(self) -> bool:
        return self.process.is_alive()

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join(GRACE_S)
        self.line.close()


class SolverPool:
    """So many warm workers, each used by one caller at a time; started when first needed."""

    def __init__(self, size: int = SOLVER_PROCESSES) -> None:
        self._size = size
        self._free = Condition()
        self._idle: list[_Worker] = []
        self._started = self._closed = False
        self.lost = 0
        """How many workers had to be replaced."""

    def start(self) -> None:
        """Start the workers and do not wait for them."""
        with self._free:
            if not self._started and not self._closed:
                self._started = True
                self._idle = [_Worker() for _ in range(self._size)]

    def wait_warm(self) -> None:
        """Start, and wait until every idle worker has loaded its solver."""
        self.start()
        for worker in list(self._idle):
            worker.wait_warm(READY_S)

    def pids(self) -> list[int]:
        """The processes that wait for work."""
        return [worker.process.pid or 0 for worker in self._idle]

    def solve(self, search: Search, *, patience_s: float | None = None) -> Solved:
        """Solve in a worker that is free within `patience_s`; SolverLost when none answers."""
        worker = self._take(READY_S if patience_s is None else patience_s)
        try:
            solved = worker.ask(search, _allowed(search) + GRACE_S)
        except SolverFailed:
            self._give(worker)
            raise
        except BaseException:  # whoever was interrupted has left an answer on the line
            self._replace(worker)
            raise
        self._give(worker)
        return solved

    def close(self) -> None:
        """End all workers."""
        with self._free:
            self._closed = True
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.end()

    def _take(self, seconds: float) -> _Worker:
        self.start()
        until = monotonic() + seconds
        with self._free:
            self._free.wait_for(lambda: self._idle or self._closed, seconds)
            if not self._idle:
                raise SolverBusy("every solver is busy")
            worker = self._idle.pop(0)
        if not worker.alive():
            self._replace(worker)
            raise SolverLost("the solver process is gone")
        if not worker.wait_warm(until - monotonic()):
            self._give(worker)
            raise SolverBusy("the solver is not ready yet")
        return worker

    def _give(self, worker: _Worker) -> None:
        with self._free:
            if not self._closed:
                self._idle.append(worker)
                self._free.notify()
                return
        worker.end()

    def _replace(self, worker: _Worker) -> None:
        worker.end()
        self.lost += 1
        if not self._closed:
            self._give(_Worker())


def _allowed(search: Search) -> float:
    """Seconds on the wall that a search may take; steps are counted generously."""
    if search.iterations is not None:
        return max(search.seconds, 1 + search.iterations / 10)
    return search.seconds * (SHARED_MACHINE if search.clock == "cpu" else 1)


def _serve(line: Connection) -> None:
    """The work of a worker: solve until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ImportError, OSError, ValueError):  # not every system can limit a process
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    from server.planner import pyvrp_adapter  # noqa: PLC0415 - the solver lives here only

    line.send(READY)
    while True:
        try:
            search = line.recv()
        except (EOFError, OSError):
            return
        try:
            answer: Solved | str = pyvrp_adapter.solve(search)
        except (ValueError, TypeError, RuntimeError, MemoryError, ArithmeticError) as error:
            answer = f"{type(error).__name__}: {error}"
        line.send(answer)


@contextmanager
def _bare_main() -> Iterator[None]:
    """A worker needs none of what the main module would import again."""
    with _STARTING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
