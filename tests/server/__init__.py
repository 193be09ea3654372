"""The server, room by room, on both databases."""
