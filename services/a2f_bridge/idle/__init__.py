"""What a face does when it does nothing: it blinks, breathes, looks, sways, never twice the same. All of it pure.

moods: what Attention asks for, in numbers. lids, gaze, head: one movement each. life: all of them as one face.
Time and chance are arguments: `Dice` gives numbers in 0..1. Angles are degrees inside, radians in a `Look`.
"""
