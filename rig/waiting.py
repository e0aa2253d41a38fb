"""Settings of a mirror whose engines only wait: what is left to be measured, or disturbed, is ours.

Speech is whatever is loud, and ends after a fixed silence; nothing is guessed ahead, so that no hop can hide behind a wait.
"""

WAITING = (
    "asr.engine=scripted",
    "asr.detector=loudness",
    "asr.turn_judge=timer",
    "asr.partial_step_s=0",
    "asr.join_within_s=0",
    "asr.patience_s.short=[0.192, 0.256]",
    'asr.options.scripted.sentences=["yes"]',
    "llm.engine=scripted",
    "tts.engine=tone",
    "a2f_bridge.engine=scripted",
    "faceswap.engine=passthrough",
    "session.turns.max_guesses=0",
)
