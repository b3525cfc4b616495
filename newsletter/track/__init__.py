"""Track: opens, clicks, unsubscribes: what came back."""
