"""One class per port, run against the fake and the real thing."""
