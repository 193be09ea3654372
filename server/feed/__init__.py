"""What devices and pages are told: row versions, the site revision, exceptions."""
