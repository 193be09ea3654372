"""Screens without a browser: press the button, look at the state."""
