"""The six services as they are, but the first engine of three of them breaks once a file of the stage's name lies in MIRROR_BREAKS."""
