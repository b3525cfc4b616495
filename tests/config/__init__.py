"""config.yaml and the environment: what is taken, what is refused, and in which words."""
