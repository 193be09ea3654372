"""What a scanned or typed code says: a pairing link, a kanban card, a label."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

CARD_PREFIX = "MR1"
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
LABEL_MAX = 200


@dataclass(frozen=True, slots=True)
class PairLink:
    """A pairing link: server, site, code, fingerprint of a private certificate."""

    url: str
    site: str
    code: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CardCode:
    """`MR1:<site>:<card>:<print_rev>:<check>`: one kanban card in one printing."""

    site: str
    card: str
    print_rev: int


@dataclass(frozen=True, slots=True)
class Label:
    """Any other text: the label of a LoadUnit, a station or a badge."""

    text: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A code that begins like ours and is damaged."""

    why: str


Scan = PairLink | CardCode | Label | Unreadable


def tidy_code(text: str) -> str:
    """A pairing code as typed, made comparable: any case, dashes ignored, O is 0, I and L are 1."""
    plain = "".join(letter for letter in text.upper() if letter.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))


def is_code(text: str) -> bool:
    """Whether a tidied text can be a pairing code (8 letters of Crockford's base32)."""
    return len(text) == CODE_LENGTH and not set(text) - set(CODE_LETTERS)


def card_check(site: str, card: str, print_rev: int) -> str:
    """Two check letters of a card code, so that a damaged print is noticed."""
    total = 0
    for letter in f"{site}:{card}:{print_rev}":
        total = (total * 31 + ord(letter)) % 1024
    return CODE_LETTERS[total // 32] + CODE_LETTERS[total % 32]


def _card(text: str) -> Scan:
    parts = text.split(":")
    if len(parts) != 5 or not parts[3].isascii() or not parts[3].isdigit():
        return Unreadable("card")
    site, card, print_rev = parts[1], parts[2], int(parts[3])
    if card_check(site, card, print_rev) != parts[4].upper():
        return Unreadable("card")
    return CardCode(site, card, print_rev)


def _pair(text: str) -> Scan:
    query = parse_qs(urlsplit(text).query)
    first = {key: values[0] for key, values in query.items()}
    code = tidy_code(first.get("c", ""))
    if not is_code(code) or not first.get("u"):
        return Unreadable("pair")
    return PairLink(first["u"], first.get("s", ""), code, first.get("f", ""))


def parse_scan(text: str) -> Scan:
    """Say what a code is; never raises."""
    plain = text.strip()[:2_000]
    if plain.lower().startswith("milkrun://pair"):
        try:
            return _pair(plain)
        except ValueError:
            return Unreadable("pair")
    if plain.startswith(CARD_PREFIX + ":"):
        return _card(plain)
    return Label(plain[:LABEL_MAX])
