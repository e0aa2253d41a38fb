"""The six services as they are, but the first engine of three of them fails while a file of the stage's name lies in MIRROR_BREAKS."""
