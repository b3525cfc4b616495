"""How staff come in, and what they hold once they are."""
