"""Stages whose checks and benchmarks do what real ones do on a bad day."""
