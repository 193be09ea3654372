"""Tests of server/loops."""
