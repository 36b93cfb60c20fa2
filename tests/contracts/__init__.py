"""One contract a port; every adapter and its fake is run through it."""
