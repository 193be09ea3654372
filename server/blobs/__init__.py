"""Files of facts by their SHA-256: upload with resume, store, copies for display."""
