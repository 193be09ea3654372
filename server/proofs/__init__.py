"""Evidence bound to visits: proofs and their parts, as people look at them."""
