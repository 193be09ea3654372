"""The driver's phone and the tugger's tablet: works without network, forgets nothing."""
