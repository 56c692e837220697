"""Fitting small models to a field: what was written to learn from, the training and its report."""
