"""A sender for measuring: test cards, coded as OBS codes them, to an RTMP (or any other) address. Runs in a process of its own.

`python -m services.faceswap.video_publisher --url rtmp://127.0.0.1:1935/live/mirror`. One process for sender and listener does
not do: the two would wait for each other's turn, and the figures would be of that.
"""

import argparse
import time
from fractions import Fraction
from typing import Any

import av
import msgspec

from services.faceswap.timed_card import draw_card


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """What to send."""

    url: str
    container: str = "flv"
    """FFmpeg's word for what the pictures are packed in: flv for RTMP."""
    width: int = 1280
    height: int = 720
    fps: int = 24
    seconds: float = 10.0
    b_frames: int = 0
    preset: str = "ultrafast"
    stall_at_s: float = 0.0
    """From here on nothing is sent for `stall_s`; then everything at once, as after a network fault."""
    stall_s: float = 0.0


def publish(sending: Sending) -> int:
    """Send; returns how many pictures. Raises av.FFmpegError if nobody listens, or hangs up."""
    options = {"flvflags": "no_duration_filesize"} if sending.container == "flv" else {"flush_packets": "1"}
    with av.open(sending.url, "w", format=sending.container, options=options) as container:
        stream = _stream(container, sending)
        began, count = time.monotonic(), 0
        held: list[Any] = []
        while (due := count / sending.fps) < sending.seconds:
            time.sleep(max(0.0, began + due - time.monotonic()))
            card = draw_card(sending.width, sending.height, time.monotonic())
            frame = av.VideoFrame.from_ndarray(card, format="bgr24")
            frame.pts = count
            packets = held + list(stream.encode(frame))
            is_stalled = sending.stall_at_s <= due < sending.stall_at_s + sending.stall_s
            held = packets if is_stalled else []
            if not is_stalled:
                container.mux(packets)
            count += 1
        container.mux(held + list(stream.encode()))
    return count


def _stream(container: Any, sending: Sending) -> Any:
    """As OBS's x264 with tune zerolatency and a key picture a second."""
    tune = {} if sending.b_frames else {"tune": "zerolatency"}
    options = {"preset": sending.preset, "bf": str(sending.b_frames), "b-adapt": "0", **tune}
    stream = container.add_stream("libx264", rate=sending.fps, options=options)
    stream.width, stream.height, stream.pix_fmt = sending.width, sending.height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, sending.fps)
    stream.codec_context.gop_size = sending.fps
    stream.codec_context.bit_rate = 6_000_000
    return stream


def main() -> None:
    """Parse what `Sending` holds, and send."""
    parser = argparse.ArgumentParser(description=__doc__)
    for field in msgspec.structs.fields(Sending):
        is_needed = field.default is msgspec.NODEFAULT
        parser.add_argument(
            f"--{field.encode_name.replace('_', '-')}", type=field.type, required=is_needed,
            default=None if is_needed else field.default,
        )  # fmt: skip
    publish(Sending(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
