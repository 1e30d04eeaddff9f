"""Benchmarks: each prints ratios against a yardstick of the same run; none is a test."""
