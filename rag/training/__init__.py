"""Fitting a small embedding model to a field: written queries, training pairs, the training and its report."""
