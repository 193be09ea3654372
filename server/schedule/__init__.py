"""Rows are the schedule: calendars become runs, due runs are dispatched, the alarm clock wakes."""
