"""The vehicles, and the haulage companies some of them belong to."""
