"""Planted bugs: what the fault campaign must find, each a small change of the product in a test."""
