"""Faults to plant, by what is wrong, each with the probes that must see it; ``making`` has what they are made with."""
