"""The doors of devices: one exchange of facts and plans, files, the poke, held facts."""
