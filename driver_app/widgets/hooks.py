"""What a component may remember between two drawings: only what may be lost."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import flet as ft

T = TypeVar("T")
Held_contra = TypeVar("Held_contra", contravariant=True)


class Put(Protocol[Held_contra]):
    """Remembers another value, or one made of the value before."""

    def __call__(self, value: Held_contra | Callable[[Any], Any], /) -> None: ...


def state(start: T) -> tuple[T, Put[T]]:
    """A value and the way to change it; a change draws the component again."""
    return cast("tuple[T, Put[T]]", ft.use_state(lambda: start))


def maybe(kind: type[T]) -> tuple[T | None, Put[T | None]]:
    """Like `state`, for something that is not there yet."""
    del kind
    return cast("tuple[T | None, Put[T | None]]", ft.use_state(_nothing))


def current(put: Put[T]) -> T:
    """The value as it is now: what an act drawn a moment ago still believes may be older."""
    seen: list[T] = []

    def look(was: T) -> T:
        seen.append(was)
        return was

    put(look)
    return seen[0]


def box(start: T) -> list[T]:
    """A place for one value whose change draws nothing."""
    ref: Any = ft.use_ref(_nothing)
    if ref.current is None:
        ref.current = [start]
    kept: list[T] = ref.current
    return kept


def keyed(key: str, make: Callable[..., ft.Control], *args: Any, **named: Any) -> ft.Control:
    """Draw a component under a name among its siblings, so that it is never taken for another."""
    shown: ft.Control = make(*args, key=key, **named)
    return shown


def _nothing() -> Any:
    return None
