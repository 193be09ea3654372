"""The small server: it schedules timed runs, takes in facts, answers changes, and shows its pages."""
