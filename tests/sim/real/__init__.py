"""Proofs with real processes, real disks, a real network and a real PostgreSQL."""
