"""Puts the visitor's face on the virtual human.

Consumes `camera` (the enrolment burst) and `control` (MirrorShown), and the picture of the virtual human from a video source.
Publishes `face_ready` (FaceReady, FaceRefused) and `mirror` (MirrorFrame). Owns the face print: the chosen photo's texture,
in memory only, rebuilt after a crash from the session's own `camera` stream, forgotten at the end of the visit.
"""
