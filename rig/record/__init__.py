"""Recordings of visits: what they are, who may be recorded, how they are written and read. See docs/recording.md."""
