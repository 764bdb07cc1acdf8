"""What must come out: the operator C from placements, and what is expected of each aspect. NumPy alone."""
