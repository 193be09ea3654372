"""The talk with the office: when, in which order, and what an answer means."""
