"""Benchmarks: figures of the product as measured on this machine, run by `milkrun bench`."""
