"""Benchmarks: `newsletter bench …` measures on a database of its own, and never touches the publication's."""
