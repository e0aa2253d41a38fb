"""Settings of the session service. Every deliberate wait of a turn is named here and appears in the turn's trace."""

import msgspec


class TurnConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The waits and limits of turn-taking, seconds unless the name says otherwise."""

    lead_s: float = 0.105
    """From letting a turn out to its first sample at the loudspeaker: socket, jitter buffer, and the length of the video path."""
    gap_lead_s: float = 0.06
    """The same after an underrun: sound is already late, the lips may be."""
    duck_gain: float = 0.063
    """-24 dB while the visitor may be speaking over the mirror."""
    pause_after_s: float = 0.25
    """Speech over the mirror for this long stops it where it is."""
    verdict_s: float = 0.9
    """If no word was understood by then, it was a cough: the mirror goes on where it was."""
    filler_after_s: float = 0.6
    """No sound of the reply this long after the end of the visitor's speech: a filler, if the play has one to give."""
    thinking_deadline_s: float = 4.0
    """No sound at all by then: the play covers for it."""
    broken_off_s: float = 6.0
    """A voice that broke off inside a turn and has not gone on by then: the turn is over where it stopped."""
    floor_wait_s: float = 3.0
    """A line of the play waits at most this long for the visitor to finish."""
    between_lines_s: float = 0.35
    """Breath between two lines of the play."""
    echo_window_s: float = 4.0
    """Words that align with what the loudspeaker said this recently are echo."""
    max_guesses: int = 6
    """Speculative replies per utterance."""


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `[session]`."""

    host: str = "127.0.0.1"
    port: int = 8080
    script: str = "scripts/mirror.yaml"
    language: str = ""
    """Language of a visit if the kiosk wishes none; empty: the script's first."""
    subtitles: bool = False
    capture_frames: int = 8
    capture_s: float = 1.0
    kiosks: tuple[str, ...] = ()
    """The kiosks there are, by name; any other is refused, and the operator sees those that are away. Empty: any name."""
    away_s: float = 12.0
    """A kiosk whose connection is gone for this long has no visitor any more."""
    farewell_s: float = 4.0
    """How long the farewell picture stands after the last word."""
    wake_us: int = 0
    """While a visit lasts no processor sleeps deeper than it wakes from in so many microseconds, if we may ask; -1: never asked."""
    wipe_watchdog_s: float = 60.0
    """At the latest this long after a visit's longest duration its keys are gone, whatever happened."""
    needs: tuple[str, ...] = ("asr", "llm", "tts", "a2f_bridge", "faceswap")
    """Stages that must be ready before a visit begins."""
    turns: TurnConfig = TurnConfig()
