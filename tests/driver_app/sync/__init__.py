"""Tests of the talk with the office."""
