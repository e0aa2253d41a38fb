"""`mirror docs`: every generated page, written anew or compared."""

from rig.console import say
from rig.manifest import read_manifest
from rig.models_doc import PAGE, page
from rig.service import ROOT
from shared import describe


def write_docs(*, is_check: bool) -> int:
    """Write the pages, or with `is_check` only compare; returns 1 if a compared page is out of date."""
    pages = ["--events", str(ROOT / "docs/events.md"), "--js", str(ROOT / "services/session/web/shared/wire.js")]
    status = describe.main([*pages, "--check"] if is_check else pages)
    text = page(read_manifest())
    if not is_check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        say(f"{PAGE.name} is out of date: run `make docs`")
        status = 1
    return status
