"""Parts of screens by themselves."""
