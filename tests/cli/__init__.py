"""The command line: what it says, what it prints, and how it ends."""
