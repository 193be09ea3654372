"""Files that are no tables get one clear sentence each."""

import pytest

from server.imports.sentences import unreadable
from server.imports.signatures import IMPORT_MAX_BYTES, check
from server.imports.table import Unreadable


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "file_empty", "The file is empty."),
        (b"\xef\xbb\xbf \r\n", "file_empty", "The file is empty."),
        (b"%PDF-1.7 ...", "wrong_type", "This is a PDF file"),
        (b"\xff\xd8\xff\xe0 photo", "wrong_type", "This is a JPEG file"),
        (b"\x89PNG\r\n", "wrong_type", "This is a PNG file"),
        (b"\x1f\x8b gz", "wrong_type", "This is a GZIP file"),
        (b"SQLite format 3\x00", "wrong_type", "This is a SQLite file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old_workbook", "(XLS)"),
        (b"  <!DOCTYPE html><html>", "wrong_type", "This is a HTML file"),
        (b'\xef\xbb\xbf{"a": 1}', "wrong_type", "This is a JSON file"),
        (b"x" * (IMPORT_MAX_BYTES + 1), "file_too_large", "has 11 MiB, more than the 10 allowed"),
    ],
)
def test_each_wrong_file_is_named_in_one_sentence(content: bytes, code: str, said: str) -> None:
    with pytest.raises(Unreadable) as trouble:
        check(content)

    assert trouble.value.code == code
    assert said in unreadable(trouble.value)


def test_a_table_passes() -> None:
    check(b"name,lat\nA,1\n")
    check("name\nBäcker\n".encode("utf-16"))
