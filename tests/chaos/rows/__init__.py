"""The crash matrix, a file for each of its families."""
