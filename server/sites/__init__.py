"""The site and its places: locations, calendars, settings, the reasons a driver may give."""
