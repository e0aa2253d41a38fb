"""What is normal for this voice: so that a soft voice opens the mouth as far as a loud one, and a dark one as often as a bright one."""

import math


class RunningNorm:
    """Mean and spread of a measure over the speech so far, beginning with what is normal for voices in general."""

    def __init__(self, mean: float, spread: float) -> None:
        self._mean = mean
        self._variance = spread * spread
        self._seen = 120.0  # the general voice counts as much as one second of this one
        self._longest = 1500.0  # a voice is forgotten over 12 s of speech, so that it may change

    def learn(self, value: float) -> None:
        """One more observation."""
        self._seen = min(self._seen + 1.0, self._longest)
        off = value - self._mean
        self._mean += off / self._seen
        self._variance += (off * (value - self._mean) - self._variance) / self._seen

    def score(self, value: float) -> float:
        """How far from normal, in spreads."""
        return (value - self._mean) / math.sqrt(max(self._variance, 1e-3))


class RunningPeak:
    """How loud this voice gets: up at once, down 3 dB a second."""

    def __init__(self, start_db: float, per_second: float, lowest_db: float) -> None:
        self.db = start_db
        self._fall = 3.0 / per_second
        self._lowest = lowest_db

    def learn(self, level_db: float) -> None:
        """One more level of speech."""
        self.db = max(level_db, self.db - self._fall, self._lowest)


def ramp(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, a smooth step between."""
    x = min(1.0, max(0.0, (value - low) / (high - low)))
    return x * x * (3.0 - 2.0 * x)
