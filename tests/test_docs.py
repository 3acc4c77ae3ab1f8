"""Are generated pages what the code would write today?"""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_page_of_options_is_made_from_the_table():
    page = runpy.run_path(str(ROOT / "tools" / "options_page.py"))
    assert page["page"]() == (ROOT / "docs" / "options.md").read_text()


def test_the_readme_names_every_room():
    readme = (ROOT / "README.md").read_text()
    rooms = [p for p in (ROOT / "pybondd").iterdir() if p.is_dir() and p.name != "__pycache__"]
    for room in rooms:
        assert f"{room.name}/" in readme, room.name
