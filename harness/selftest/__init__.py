"""Whether the harness sees what it should: a perfect framework, faults to plant in it, and the score of the grids."""
