"""Slack: the adapter of one workspace. Nothing outside this package knows Slack, except settings and the manifest."""
