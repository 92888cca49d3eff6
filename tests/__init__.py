"""The tests, and what they build their inputs with (`support`)."""
