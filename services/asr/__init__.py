"""asr: understands what the visitor says.

Consumes `microphone`, and from `control` MirrorSpeaking, SceneEntered, CaptureVoice and EpochAdvanced. Publishes `hearing`
(speech edges, partial, guessed and final transcripts) and `voice_sample`. Owns the VAD, the end of the turn, the
transcription engine, and, while a visit lasts, its last 45 seconds of sound in memory.
"""
