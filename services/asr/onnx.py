"""Opens an ONNX model for the edge modules `silero` and `smart_turn`."""

from typing import Any

from shared.errors import EngineUnavailable
from shared.models import model_path


def open_session(name: str) -> Any:
    """A session on one thread without spinning: five other stages share the cores.

    Raises:
        EngineUnavailable: Package or file is missing, or the file is no model.
    """
    path = model_path(name)
    try:
        import onnxruntime  # heavy, and absent where only test engines run
    except ImportError as error:
        raise EngineUnavailable(
            "asr: onnxruntime is not installed; pip install -r services/asr/requirements.txt"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises kinds of its own that share no base
        raise EngineUnavailable(f"asr: {path.name} cannot be opened ({error}); run `mirror models pull`") from error
