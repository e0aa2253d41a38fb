"""The copy's voice.

Consumes `reply` (ReplyClause, ReplyEnded, from llm), `lines` (LineWanted, LineAhead, from session) and `voice_sample`
(VoiceSampleTaken, from asr). Publishes `voice` (SpeechChunk, SpeechEnded) and `voice_ready` (VoiceReady, VoiceFailed,
LineRendered). Owns the voice made of the visitor and the lines rendered ahead, both in memory only and gone with the visit.
"""
