"""Secrets and their forms: pairing codes, tokens, badges, PINs, passwords."""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass

from shared.refusals import refuse

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base32
CODE_LENGTH = 8
TOKEN_PREFIX = "mrd_"  # noqa: S105 - a prefix is no secret
API_TOKEN_PREFIX = "mra_"  # noqa: S105 - a prefix is no secret
TOKEN_BYTES = 32
PASSWORD_MIN, PASSWORD_MAX = 12, 128
PIN_ROUNDS = 200_000
PIN_SALT_BYTES = 16
PIN_MIN, PIN_MAX = 4, 12

_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def sha256(text: str) -> str:
    """The digest under which a secret is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def new_code() -> str:
    """Eight characters that are easy to read aloud; 40 bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """The code as it was meant: case, spaces, dashes and look-alike letters do not matter."""
    return typed.upper().replace("-", "").replace(" ", "").translate(_MISREAD)


def new_token(prefix: str) -> str:
    """A fresh secret of 32 random bytes behind its prefix."""
    return prefix + base64.urlsafe_b64encode(os.urandom(TOKEN_BYTES)).decode().rstrip("=")


@dataclass(frozen=True)
class Pin:
    """What a device needs to check a PIN without network."""

    salt: str
    verifier: str


def pin_of(pin: str, salt: bytes | None = None) -> Pin:
    """Make the verifier of a PIN: PBKDF2-HMAC-SHA256, 200,000 rounds, salt of 16 bytes, hex."""
    salt = salt if salt is not None else os.urandom(PIN_SALT_BYTES)
    key = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, PIN_ROUNDS)
    return Pin(salt.hex(), key.hex())


def check_pin(pin: str) -> str:
    """Refuse a PIN that is no row of digits."""
    if not (pin.isascii() and pin.isdigit() and PIN_MIN <= len(pin) <= PIN_MAX):
        raise refuse("bad_input", errors=[("/pin", "4 to 12 digits")], why="pin")
    return pin


def check_password(password: str) -> str:
    """Refuse a password outside its length; nothing else is asked of it."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        why = f"{PASSWORD_MIN} to {PASSWORD_MAX} characters"
        raise refuse("bad_input", errors=[("/password", why)], why="password")
    return password


def login_of(name: str) -> str:
    """The name as it is compared at sign-in."""
    return " ".join(name.split()).casefold()
