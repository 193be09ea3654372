"""Tests of server/sites."""
