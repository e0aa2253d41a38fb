"""The people's side: one command line, `mirror`. Starts, rehearses, tries and measures; imported by no service."""
