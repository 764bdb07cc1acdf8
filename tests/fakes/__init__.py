"""Frameworks that are none: right ones to run the harness without any, and wrong ones that it has to see through."""
