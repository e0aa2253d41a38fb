"""A GPU's context that broke for good: some errors of CUDA are followed by the same error from every later call of the process.

Waiting, resting and opening the network anew do not help; another process does. So the engine's error says so in fixed words,
the stage's health passes them on, and the runner ends the process once somebody else has covered for it.

Source: CUDA Runtime API, cudaError_t: the errors after which "the process must be terminated and relaunched".
"""

from shared.errors import EngineFailed

LOST = "the GPU's context is lost; this process is started anew as soon as no visitor needs it"
"""How an engine's message ends then."""

_STICKY = (
    "an illegal memory access was encountered", "cudaerrorillegaladdress", "cuda_error_illegal_address",
    "unspecified launch failure", "cudaerrorlaunchfailure", "cuda_error_launch_failed",
    "the launch timed out and was terminated", "cudaerrorlaunchtimeout", "cuda_error_launch_timeout",
    "device-side assert triggered", "cudaerrorassert", "cuda_error_assert",
    "an illegal instruction was encountered", "misaligned address", "invalid program counter",
    "hardware stack error", "operation not supported on global/shared address space",
    "uncorrectable ecc error encountered", "context is destroyed", "cuda_error_context_is_destroyed",
    "cuda error: unknown error", "cuda failed with error unknown error", "cuda failure 999", "cudaerrorunknown",
)  # fmt: skip
"""What torch, CTranslate2 and onnxruntime hand on of CUDA's words, in small letters. The last line: a driver that was reset."""


def engine_failed(message: str, error: BaseException) -> EngineFailed:
    """Our error for a library's, which says so if no later call can go better.

    Args:
        message: What failed, where; may hold only a part of the library's own words.
        error: The library's.
    """
    said = str(error).lower()
    return EngineFailed(f"{message}; {LOST}" if any(words in said for words in _STICKY) else message)


def is_lost(trouble: str) -> bool:
    """Whether an engine's trouble is that one."""
    return LOST in trouble
