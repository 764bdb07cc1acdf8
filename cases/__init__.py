"""What the guide claims, and the cases that check it.

This package imports nothing of ``harness``: it is the question, never the answer.
"""
