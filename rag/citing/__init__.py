"""How a paper is cited: where it was published, its key, its authors, and the forms that LaTeX and people use."""
