"""Who may do what: people, their sessions and roles, drivers, paired devices and their tokens."""
