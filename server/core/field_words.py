"""What is wrong with a field of a request, in the caller's language."""

from collections.abc import Mapping
from typing import Any

# By the type pydantic gives an error; fields in braces come from the error's context.
_GERMAN: Mapping[str, str] = {
    "missing": "Dieses Feld fehlt.",
    "extra_forbidden": "Dieses Feld gibt es hier nicht.",
    "string_type": "Hier gehört ein Text hin.",
    "string_too_short": "Mindestens {min_length} Zeichen.",
    "string_too_long": "Höchstens {max_length} Zeichen.",
    "string_pattern_mismatch": "Das hat nicht die erwartete Form.",
    "int_type": "Hier gehört eine ganze Zahl hin.",
    "int_parsing": "Hier gehört eine ganze Zahl hin.",
    "int_from_float": "Hier gehört eine ganze Zahl hin.",
    "float_type": "Hier gehört eine Zahl hin.",
    "float_parsing": "Hier gehört eine Zahl hin.",
    "finite_number": "Hier gehört eine endliche Zahl hin.",
    "bool_type": "Hier gehört Ja oder Nein hin.",
    "bool_parsing": "Hier gehört Ja oder Nein hin.",
    "greater_than": "Mehr als {gt}.",
    "greater_than_equal": "Mindestens {ge}.",
    "less_than": "Weniger als {lt}.",
    "less_than_equal": "Höchstens {le}.",
    "literal_error": "Eines von: {expected}.",
    "enum": "Eines von: {expected}.",
    "tuple_type": "Hier gehört eine Liste hin.",
    "list_type": "Hier gehört eine Liste hin.",
    "dict_type": "Hier gehört ein Objekt hin.",
    "model_type": "Hier gehört ein Objekt hin.",
    "model_attributes_type": "Hier gehört ein Objekt hin.",
    "too_short": "Mindestens {min_length} Einträge.",
    "too_long": "Höchstens {max_length} Einträge.",
    "is_instance_of": "Hier gehört etwas anderes hin: {class}.",
    "uuid_type": "Hier gehört eine Kennung (UUID) hin.",
    "uuid_parsing": "Das ist keine Kennung (UUID).",
    "date_type": "Hier gehört ein Datum hin (JJJJ-MM-TT).",
    "date_parsing": "Das ist kein Datum (JJJJ-MM-TT).",
    "date_from_datetime_parsing": "Das ist kein Datum (JJJJ-MM-TT).",
    "time_type": "Hier gehört eine Uhrzeit hin (SS:MM).",
    "time_parsing": "Das ist keine Uhrzeit (SS:MM).",
    "json_invalid": "Das ist kein gültiges JSON.",
    "union_tag_invalid": "Eines von: {expected_tags}.",
    "union_tag_not_found": "Die Art fehlt: {discriminator}.",
    "value_error": "Der Wert passt hier nicht.",
}


def sentence(error: Mapping[str, Any], lang: str) -> str:
    """The sentence for one error of pydantic; without a German one it stays English."""
    german = _GERMAN.get(str(error["type"])) if lang == "de" else None
    if german is None:
        return str(error["msg"]).removeprefix("Value error, ")
    told = {key: str(value).replace(" or ", " oder ") for key, value in _context(error).items()}
    return german.format_map(told)


def _context(error: Mapping[str, Any]) -> Mapping[str, Any]:
    found = error.get("ctx")
    return found if isinstance(found, Mapping) else {}
