"""The frameworks: one file each. ``base`` says what an adapter is; ``registry`` which there are."""
