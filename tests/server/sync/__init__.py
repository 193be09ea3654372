"""The doors of devices."""
