"""Demo data made through the rooms' own doors, and simulated vehicles that drive it.

`places`, `fleet` and `rounds` are the data sets D01, D04 and D13; `fill` makes them once, `live`
sees that something is on the road whatever the hour, `vehicles` starts the drivers' own process,
`command` is what the console calls. Names of companies and people are invented.
"""
