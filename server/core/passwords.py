"""Hashes passwords, few at a time: each takes 64 MiB and a seventh of a second."""

import threading

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

PASSWORD_HASH_PARALLEL = 2

_slots = threading.Semaphore(PASSWORD_HASH_PARALLEL)


class Passwords:
    """Makes and checks argon2id hashes."""

    def __init__(self, *, memory_kib: int = 65_536) -> None:
        self._hasher = PasswordHash((Argon2Hasher(memory_cost=memory_kib),))
        self._dummy: str | None = None

    def make(self, password: str) -> str:
        """Hash a password."""
        with _slots:
            return self._hasher.hash(password)

    def fits(self, password: str, password_hash: str | None) -> bool:
        """Compare; an unknown account takes as long as a known one."""
        with _slots:
            if password_hash is None:
                self._dummy = self._dummy or self._hasher.hash("nobody's password")
                self._hasher.verify(password, self._dummy)
                return False
            return self._hasher.verify(password, password_hash)
