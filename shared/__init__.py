"""Ground that every stage stands on: events, bus, stage runner, config. Imports no service."""
