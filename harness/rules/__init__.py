"""Rules, not rows: thousands of disagreements in the few short sentences that cover them."""

from harness.rules.find import rules
from harness.rules.rule import Rule

__all__ = ["Rule", "rules"]
