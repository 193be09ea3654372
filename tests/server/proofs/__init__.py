"""Evidence bound to visits."""
