"""How long it takes from one place to another, and where that is known from."""
