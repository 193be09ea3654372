"""A person in front of a real browser, a real server behind it."""
