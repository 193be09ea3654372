"""What every room stands on: settings, clock, database, guard, dependencies, rights, jobs."""
