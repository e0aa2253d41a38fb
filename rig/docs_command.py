"""`mirror docs`: every generated page, written anew or compared."""

from rig.bench_index import FOLDER, index, read_results
from rig.console import say
from rig.manifest import read_manifest
from rig.models_doc import PAGE, page
from rig.service import ROOT
from shared import describe


def write_docs(*, is_check: bool) -> int:
    """Write the pages, or with `is_check` only compare; returns 1 if a compared page is out of date."""
    pages = ["--events", str(ROOT / "docs/events.md"), "--js", str(ROOT / "services/session/web/shared/wire.js")]
    status = describe.main([*pages, "--check"] if is_check else pages)
    for path, text in ((PAGE, page(read_manifest())), (FOLDER / "README.md", index(read_results()))):
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            say(f"{path.relative_to(ROOT)} is out of date: run `make docs`")
            status = 1
    return status
