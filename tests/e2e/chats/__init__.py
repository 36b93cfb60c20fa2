"""One whole set in front of every chat platform at once: the same journeys on each."""
