"""Environments made on demand: an interpreter and some requirements, installed once and kept."""

from harness.environments.cache import Cache, Held, Made
from harness.environments.pythons import Python, find
from harness.environments.wanted import Wanted, canonical, requirements

__all__ = ["Cache", "Held", "Made", "Python", "Wanted", "canonical", "find", "requirements"]
