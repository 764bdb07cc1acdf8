"""How layers are observed and judged. See docs/design.md for the rooms of this package."""
