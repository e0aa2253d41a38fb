"""The messages of both Audio2Face generations, restated.

The `.proto` files are the source; `compiled.py` is written from them by `python -m services.a2f_bridge.engines.protos.generate`.
The messages live in a descriptor pool of their own: a process that also imports NVIDIA's wheels has two of each, and they
do not meet (docs/adr/0054).
"""

import base64
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from services.a2f_bridge.engines.protos.compiled import DESCRIPTORS


def _pool() -> Any:
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode(DESCRIPTORS)).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _pool()


def message(name: str) -> Any:
    """The class of a message, by its full name."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(name))


class Method:
    """One method of a service: where it is called, and what its messages are."""

    def __init__(self, service: str, name: str) -> None:
        """Full name of the service, and the method in it. KeyError if there is no such thing."""
        described = _POOL.FindServiceByName(service).methods_by_name[name]
        self.path = f"/{service}/{name}"
        self.request: Any = message_factory.GetMessageClass(described.input_type)
        self.response: Any = message_factory.GetMessageClass(described.output_type)


PROCESS_AUDIO_STREAM = Method("nvidia_ace.services.a2f_controller.v1.A2FControllerService", "ProcessAudioStream")
PUSH_AUDIO = Method("nvidia.audio2face.Audio2Face", "PushAudio")
PUSH_AUDIO_STREAM = Method("nvidia.audio2face.Audio2Face", "PushAudioStream")
CHECK_HEALTH = Method("grpc.health.v1.Health", "Check")
