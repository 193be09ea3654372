"""Append-only store of facts: streams, places, duplicates, held facts."""
