"""Write `compiled.py` from the `.proto` files beside it; needs the package grpcio-tools, which nothing else does."""

import base64
import tempfile
import textwrap
from importlib import resources
from pathlib import Path

HERE = Path(__file__).resolve().parent
_HEAD = '"""Written by `generate.py` from the `.proto` files: a FileDescriptorSet, base64."""\n\nDESCRIPTORS = """\n'


def descriptor_set() -> str:
    """The files as a FileDescriptorSet, base64 in lines. Raises ImportError without grpcio-tools, ValueError: a file is no proto3."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set"
        include = resources.files("grpc_tools") / "_proto"
        names = sorted(path.name for path in HERE.glob("*.proto"))
        options = [f"-I{HERE}", f"-I{include}", "--include_imports", f"--descriptor_set_out={out}"]
        if protoc.main(["protoc", *options, *names]):
            raise ValueError(f"protoc refused a file in {HERE}")
        text = base64.b64encode(out.read_bytes()).decode("ascii")
    return "\n".join(textwrap.wrap(text, 116))


if __name__ == "__main__":
    (HERE / "compiled.py").write_text(_HEAD + descriptor_set() + '\n"""\n', encoding="ascii")
