"""What Milk Run promises, as sentences that run."""
