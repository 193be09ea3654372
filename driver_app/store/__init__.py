"""What this phone keeps: facts not yet safe, its plan rows, photos and half-filled sheets."""
