"""Tests of what the phone keeps."""
