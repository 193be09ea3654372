"""What a text field is told and what it is left alone with."""


def pushed(known: list[str | None], wanted: str) -> str:
    """The text to send to the field: nothing, unless it was changed from outside.

    A field that is told again what was typed a moment ago loses the letters typed since. Flet
    leaves the text of a field alone whose value is None, though its type says otherwise.
    """
    same = known[0] == wanted
    known[0] = wanted
    return None if same else wanted  # type: ignore[return-value]  # None: leave it alone
