"""What answers the TravelTimes port; only the composition roots choose one."""
