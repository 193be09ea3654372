"""Tests of what a driver can do."""
