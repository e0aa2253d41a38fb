"""The visit's conductor, and the only service that is reachable from outside.

Consumes: hearing, signals, reply, voice, voice_sample, voice_ready, face_ready, mirror, the dead letters of every stage,
and what the kiosk says. Publishes: control, microphone, camera, requests, lines, playback, play. Owns: the play and its
clock, turns and epochs, the presentation schedule, consent and forgetting, the kiosk and operator pages.
"""
