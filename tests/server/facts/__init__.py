"""Facts are taken once, in order, whatever they say."""
