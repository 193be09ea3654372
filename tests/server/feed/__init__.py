"""What devices and pages are told."""
