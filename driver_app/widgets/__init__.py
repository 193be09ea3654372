"""Parts of screens: each a function of values, with a stable identifier on all that is touched."""
