"""One module per process: what `clew <role>` runs."""
