"""What supervisors see in a browser: pages, their scripts and the live board."""
