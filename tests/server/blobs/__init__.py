"""Files arrive whole, or not at all."""
