"""The fault simulator: seeded schedules of devices, a server and everything that goes wrong."""
