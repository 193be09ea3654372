"""The contracts run on the same parts as the server's tests."""

from tests.server.conftest import parts

__all__ = ["parts"]
