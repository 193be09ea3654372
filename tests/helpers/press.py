"""A finger for screens without a browser: press what has this name, type into that field."""

from flet.controls.base_control import BaseControl

from tests.helpers.flet_harness import HeadlessApp


async def press(app: HeadlessApp, identifier: str) -> None:
    """Press the button with this identifier."""
    await app.fire(app.find(identifier), "click")


async def type_into(app: HeadlessApp, identifier: str, text: str) -> None:
    """Type a text into the field with this identifier."""
    field: BaseControl = app.find(identifier)
    app.session.apply_patch(field._i, {"value": text})
    await app.fire(field, "change", text)


async def submit(app: HeadlessApp, identifier: str, text: str) -> None:
    """Type a text and press Enter, as a wedge scanner does."""
    await type_into(app, identifier, text)
    await app.fire(app.find(identifier), "submit", text)
