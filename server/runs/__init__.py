"""Runs: dated executions of loops, their visits, plans, loads and positions."""
