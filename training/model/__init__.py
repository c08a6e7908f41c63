"""Causal networks with explicit state: ``(inputs, state) -> (outputs, state)`` at every level."""
