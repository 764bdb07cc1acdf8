"""Known deviations: what is known to deviate, per framework, held against runs strictly and both ways."""

from harness.deviations.check import Checked, check, try_out
from harness.deviations.entry import Entry, read, read_folder
from harness.deviations.findings import Finding, Scope

__all__ = ["Checked", "Entry", "Finding", "Scope", "check", "read", "read_folder", "try_out"]
