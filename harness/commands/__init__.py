"""The command line: one file for each verb. ``harness.__main__`` puts them together."""
