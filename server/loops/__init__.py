"""Loops: their life, their published versions, timetables and stops."""
