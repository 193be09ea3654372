"""Tests of the import room."""
