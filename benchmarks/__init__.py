"""Benchmarks: speed as ratios measured in one run, and the fixed costs that a person waits for. No test asserts seconds."""
