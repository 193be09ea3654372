"""Fixtures for every test."""

from hypothesis import settings

from tests.helpers.one_dialect import share_compiled

pytest_plugins = ["tests.helpers.databases"]

# How long an example takes says nothing on a shared machine; the whole test has its own limit.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

share_compiled()
