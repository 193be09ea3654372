"""What kind of file the bytes are, whatever its name says."""

from server.imports.table import Unreadable

IMPORT_MAX_BYTES = 10 * 1024 * 1024
IMPORT_MAX_ROWS = 50_000

ZIP = b"PK\x03\x04"
_KNOWN = (
    (b"%PDF", "PDF"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"RIFF", "WEBP/WAV/AVI"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7Z"),
    (b"Rar!", "RAR"),
    (b"BZh", "BZIP2"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"{\\rtf", "RTF"),
    (b"\x7fELF", "ELF"),
    (b"MZ\x90", "EXE"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = ((b"<!doctype html", "HTML"), (b"<html", "HTML"), (b"<?xml", "XML"), (b"{", "JSON"))


def is_workbook(content: bytes) -> bool:
    """Whether this is an XLSX (a ZIP file), so that the workbook reader takes it."""
    return content.startswith(ZIP)


def check(content: bytes) -> None:
    """Raise Unreadable for what no table can be: empty, too large, a picture, a PDF."""
    if len(content) > IMPORT_MAX_BYTES:
        raise Unreadable(
            "file_too_large", mib=-(-len(content) >> 20), max_mib=IMPORT_MAX_BYTES >> 20
        )
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("file_empty")
    if content.startswith(_OLD_OFFICE):
        raise Unreadable("old_workbook")
    for start, name in _KNOWN:
        if content.startswith(start):
            raise Unreadable("wrong_type", type=name)
    head = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, name in _MARKUP:
        if head.startswith(start):
            raise Unreadable("wrong_type", type=name)
