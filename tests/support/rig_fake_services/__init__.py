"""Stages that do nothing, and one that cannot start: for tests of the supervisor."""
