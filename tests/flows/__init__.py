"""Phone and server in one process, no socket."""
