"""What people and CI read of a run: one file for each format, all made from one report (``model``)."""
