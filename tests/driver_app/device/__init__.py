"""Tests of the device's features."""
