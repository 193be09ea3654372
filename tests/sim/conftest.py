"""Every test of this house of faults belongs to the suite `sim` (tests/helpers/suites.py)."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies below."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.sim)
