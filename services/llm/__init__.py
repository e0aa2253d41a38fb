"""The mirror's words.

Consumes `requests` (ReplyRequest, from session). Publishes `reply` (ReplyClause, ReplyEnded) and `signals` (SignalHeard).
Owns the prompt, the split into clauses, the gate before speech, the deadlines of the model and the reading of signals.
Keeps nothing of a visitor: every request carries the whole conversation as the room heard it.
"""
