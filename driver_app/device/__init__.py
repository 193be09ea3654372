"""What the phone can do, behind ports that never raise."""
