"""Adapters: one module a platform, same classes and names in each."""
