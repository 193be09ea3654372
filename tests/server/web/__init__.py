"""Tests of the supervisor's pages."""
