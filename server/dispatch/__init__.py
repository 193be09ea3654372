"""Changes of the day: prices, edits, lateness, the gate before departure, new sequences."""
