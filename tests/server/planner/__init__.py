"""Tests of the planner: what it answers, checked by its promises."""
