"""The mirror in containers, seen from the host: what `mirror stage` does. Only `engine.py` knows Docker."""
