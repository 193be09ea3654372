"""What an import tells a person: the reason and what to do, in the language of the request."""

from collections.abc import Mapping
from functools import lru_cache

from server.core.words import _, current
from server.imports.table import Finding, Unreadable, Value


def sentence(finding: Finding) -> str:
    """The reason of a finding and what to do about it."""
    fields = dict(finding.fields)
    if "other_name" in fields:
        told = _("{name} in row {row}") if "other_row" in fields else _("{name}, known already,")
        fields["other"] = told.format(name=fields["other_name"], row=fields.get("other_row", ""))
    return _say(finding.code, fields)


def unreadable(trouble: Unreadable) -> str:
    """Why a whole file cannot be read and what to do about it."""
    return _say(trouble.code, trouble.fields)


def sentence_of(code: str, **fields: Value) -> str:
    """The sentence of a code that belongs to no row."""
    return _say(code, fields)


def _say(code: str, fields: Mapping[str, Value]) -> str:
    return _sentences(current())[code].format_map(dict(fields))


@lru_cache(maxsize=4)
def _sentences(_lang: str) -> Mapping[str, str]:
    return {**_of_files(), **_of_tables(), **_of_cells(), **_of_places(), **_of_stops()}


def _of_files() -> Mapping[str, str]:
    return {
        "file_empty": _("The file is empty. Choose a file with a header and rows below it."),
        "only_header": _("The file has a header but no rows below it. Add rows."),
        "file_too_large": _(
            "The file has {mib} MiB, more than the {max_mib} allowed. Split it into smaller files."
        ),
        "too_many_rows": _("The file has more than {max_rows} rows. Split it into smaller files."),
        "too_many_columns": _(
            "The file has more than {max_columns} columns. Keep only the columns that are needed."
        ),
        "wrong_type": _("This is a {type} file, not a table. Save the table as CSV or XLSX."),
        "binary": _("This is not a text file. Save the table as CSV or XLSX."),
        "wrong_encoding": _("The file is not written in {encoding}. Choose another encoding."),
        "old_workbook": _(
            "This is an old or locked workbook (XLS). Save it as XLSX without a password or as CSV."
        ),
        "not_a_workbook": _(
            "This is a ZIP file without a workbook. Save the table as CSV or XLSX."
        ),
        "workbook_broken": _("The workbook is damaged. Open it, save it anew and try again."),
        "workbook_locked": _("The workbook has a password. Save it without one."),
        "workbook_bomb": _(
            "The workbook unpacks to more than {max_mib} MiB. Keep only the sheet that is needed."
        ),
        "sheet_unknown": _("There is no sheet {sheet}. Choose one of: {sheets}."),
        "option_unknown": _("{value} is not possible for {option}. Choose one of: {choices}."),
        "profile_unknown": _("There is no profile {profile}."),
        "column_unknown": _("There is no column {column}. The columns are: {columns}."),
        "field_unknown": _("There is no field {field}. The fields are: {choices}."),
        "field_missing": _(
            "No column gives the {fields}. Name the column in the header or choose it. "
            "The columns are: {columns}."
        ),
        "already_committing": _("This import is being taken over already. Wait a minute."),
        "not_taken_over": _("This import has not been taken over yet."),
        "taken_over": _("This import has been taken over already."),
        "taken_back": _("This import was taken back. Hand the file in again."),
        "wrong_rows": _("Some rows are wrong, so nothing is taken over. Correct them first."),
        "rows_used": _("These are used or were changed since: {names}."),
        "loop_missing": _("Say which loop the stops belong to (loop code)."),
        "loop_unknown": _("There is no loop {loop}. Create it first or correct its code."),
    }


def _of_tables() -> Mapping[str, str]:
    return {
        "header_empty": _("This column has no name and is called by its number."),
        "header_twice": _("Two columns have this name; the later one is called {now}."),
        "row_long": _(
            "The row has {cells} cells, the header {columns}. Put texts that contain the separator "
            "into quotation marks."
        ),
        "row_short": _(
            "The row has {cells} cells, the header {columns}; the missing ones count as empty. "
            "Check it for a line break."
        ),
        "quote_open": _(
            "A quotation mark is opened here and never closed, so {lines} lines cannot be read. "
            "Close or remove it."
        ),
        "quote_inside": _("A quotation mark stands inside a text. Remove it or write it twice."),
        "cell_too_long": _("A cell is far too long. Look for a quotation mark that is not closed."),
        "row_repeated": _("Row {other} says exactly the same; this row is left out."),
        "key_twice": _(
            "Row {other} has the same key but says something else. Correct or remove one of them."
        ),
    }


def _of_cells() -> Mapping[str, str]:
    return {
        "not_a_number": _(
            "This is not a number. Write it like 52.5163 or choose the decimal sign."
        ),
        "out_of_range": _(
            "Degrees lie between -{limit} and {limit}. Check the decimal sign and whether latitude "
            "and longitude are swapped."
        ),
        "half_a_coordinate": _("Latitude or longitude is missing. Fill in both or neither."),
        "zero_coordinates": _("0, 0 is a place in the sea. Fill in the coordinates or clear both."),
        "not_seconds": _("This is not a whole number of seconds from 0 to {limit}."),
        "not_a_position": _("This is not a whole number from 1 to {limit}."),
        "control_characters": _("The text contains invisible control characters. Type it anew."),
        "too_long": _("The text is longer than {limit} characters. Shorten it."),
        "rounded_by_spreadsheet": _(
            "A spreadsheet has rounded this number. Format the column as text and fill it in anew."
        ),
        "kind_unknown": _(
            "This is no kind of location. Write depot, supplier, customer, station, supermarket, "
            "dock, locker or safe_place."
        ),
        "window_unclear": _("Write the window as HH:MM-HH:MM, several parted by a semicolon."),
    }


def _of_places() -> Mapping[str, str]:
    return {
        "name_missing": _("The name is missing. Fill it in."),
        "nowhere": _("There is neither an address nor coordinates. Fill in one of them."),
        "no_coordinates": _(
            "There are no coordinates. The place has to be set on the map before a run goes there."
        ),
        "far_away": _(
            "The place is {km} km away from most others. Check whether latitude and longitude are "
            "right."
        ),
        "hours_holidays": _(
            "The weekly hours are taken over, those of public holidays are not. Enter holidays in "
            "the calendar."
        ),
        "hours_unclear": _(
            "These opening hours cannot be read exactly, so there is no window. Write them like "
            "Mo-Fr 08:00-17:00; Sa 09:00-12:00."
        ),
        "hours_never": _("By these opening hours it is never open, so there is no window."),
        "double_name": _("Perhaps the same place: {other} has the same name, {apart} m away."),
        "double_spot": _("Perhaps the same place: {other} is on the same spot."),
        "double_address": _("Perhaps the same place: {other} has the same address."),
    }


def _of_stops() -> Mapping[str, str]:
    return {
        "location_missing": _("The location is missing. Fill in the ref of a location."),
        "location_unknown": _(
            "There is no location with this ref. Import the locations first or correct the ref."
        ),
        "location_ambiguous": _(
            "Several locations have this name. Write the ref of the one that is meant."
        ),
        "positions_ranked": _("The positions leave gaps; the stops are numbered 1 to {count}."),
        "stops_kept": _("Stops {first} to {last} of the draft are not in the file and stay."),
        "too_many_stops": _("A loop has at most {limit} stops. Split the file."),
    }
