"""Discord: the same classes, in the same order, as Slack."""
