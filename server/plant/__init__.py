"""The plant: parts at stations, empties accounts, Andons."""
