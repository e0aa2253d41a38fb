"""Recordings played back into stages, and what the stages say now against what they said then. See docs/recording.md."""
