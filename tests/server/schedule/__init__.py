"""Tests of server/schedule."""
