"""The play as a picture."""

from xml.etree import ElementTree as ET

from services.session.play_graph import mermaid, svg
from tests.support.play_files import shipped


def test_every_scene_and_exit_is_in_the_mermaid_text() -> None:
    play, text = shipped("mirror"), mermaid(shipped("mirror"))
    assert text.startswith("flowchart TD")
    for scene in play.scenes:
        assert f"    {scene.id}" in text
        assert all(f"| {way.go}" in text for way in scene.next)


def test_the_drawing_is_well_formed_and_names_every_scene() -> None:
    drawing = ET.fromstring(svg(shipped("mirror")))
    words = {text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {scene.id for scene in shipped("mirror").scenes} <= words
