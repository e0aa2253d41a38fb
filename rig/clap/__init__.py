"""`mirror rig clap`: does the sound meet the lips at the glass? A film to clap with, and the measure of a recording."""
