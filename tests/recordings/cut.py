"""Makes a short recording of a long one: its first seconds, and few pictures.

python -m tests.recordings.cut LONG.mcap SHORT.mcap SECONDS
"""

import sys
from pathlib import Path

import msgspec

from rig.record.moment import PICTURES
from rig.record.read import read_recording
from rig.record.write import write_recording

PICTURES_HZ = 0.5


def cut(source: Path, target: Path, seconds: float) -> None:
    """The first seconds of `source`."""
    recorded = read_recording(source).until(seconds)
    kept, last = [], float("-inf")
    for one in recorded.moments:
        if one.stream == PICTURES:
            if one.at < last + 1 / PICTURES_HZ:
                continue
            last = one.at
        kept.append(one)
    manifest = msgspec.structs.replace(recorded.manifest, pictures_hz=PICTURES_HZ, note=f"its first {seconds:g} s")
    write_recording(target, manifest, kept)


if __name__ == "__main__":
    cut(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
