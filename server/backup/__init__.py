"""Verified copies of everything the server knows, and the way back: backup, restore, drill."""
