"""The small server: schedules timed runs, takes in facts, answers changes, shows its pages."""
