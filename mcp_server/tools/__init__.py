"""The tools, by noun, and what they return."""
