"""Benchmarks on real sets; results are committed as JSON beside them."""
