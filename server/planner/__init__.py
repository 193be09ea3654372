"""Turns stops, travel times and rules into an order with times, violations and reasons."""
