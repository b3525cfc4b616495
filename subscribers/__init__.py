"""The audience: who may be written to, and why. Knows nothing of the pipeline."""
