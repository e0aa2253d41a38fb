"""Speech to lips with numpy and no weights: what the bands of a voice say about the mouth that makes it. All of it pure.

bands: 120 times a second, how loud each part of the spectrum is. norms: what is normal for this voice.
articulation: from levels to what the mouth does (opens, rounds, spreads, hisses). seal: when the lips are shut.
mouth: from that to the 52 blendshapes. stream: all of it on speech that is still coming in, 45.8 ms behind it.
"""
