"""The screens: each a function of what the state holds, telling `actions` what was meant."""
