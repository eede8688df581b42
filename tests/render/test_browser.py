"""The HTML page in a browser: nothing overflows, formulas have their size, the buttons copy LaTeX."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import autorecur as ar
from autorecur.page import document
from autorecur.render.documents.html import html_document

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

PROBE = """<script>
window.copied = [];
function kept(text) { copied.push(text); return Promise.resolve(); }
Object.defineProperty(navigator, "clipboard", { value: { writeText: kept } });
function every(root, selector, make) { return Array.from(root.querySelectorAll(selector), make); }
function box(element) { var b = element.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; }
addEventListener("load", async function () {
  await document.fonts.load('16px "Page Math"');
  document.querySelector("button.copy").click();
  document.querySelector("button.theme").click();
  var parts = [".left", ".right", ".tag", ".note"].map(function (name) { return ":scope > " + name; }).join(", ");
  parent.postMessage(JSON.stringify({
    width: innerWidth,
    page: document.documentElement.scrollWidth,
    formulas: every(document, "math", box),
    rows: every(document, ".row", function (row) { return every(row, parts, box); }),
    copied: copied,
    fonts: Array.from(document.fonts, function (font) { return font.status; }),
    theme: document.documentElement.dataset.theme,
    background: getComputedStyle(document.body).backgroundColor,
  }), "*");
});
</script>"""

FRAME = """<!DOCTYPE html><pre id="report"></pre>
<script>
addEventListener("message", function (event) {{ document.getElementById("report").textContent = event.data; }});
</script>
<iframe src="probed{width}.html" width="{width}" height="900" style="border: 0"></iframe>"""


@pytest.fixture(scope="module")
def page() -> str:
    return html_document(document(ar.cells["lstm"].derive()))


def browse(path: Path, *options: str) -> str:
    """What the browser makes of a file."""
    command = [str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += [f"--user-data-dir={path.parent / 'profile'}", "--virtual-time-budget=5000", *options, path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def measured(page: str, folder: Path, width: int) -> dict[str, Any]:
    """The page with a probe in it; its policy, which would forbid the probe, is taken out."""
    policy = r'<meta http-equiv="Content-Security-Policy".*?>'
    (folder / f"probed{width}.html").write_text(re.sub(policy, lambda _: PROBE, page, count=1), encoding="utf-8")
    # A window is never as narrow as a telephone; a frame is.
    path = folder / f"frame{width}.html"
    path.write_text(FRAME.format(width=width), encoding="utf-8")
    shown = browse(path, "--window-size=1400,1000", "--dump-dom")
    found = re.search(r'<pre id="report">(.*?)</pre>', shown, re.S)
    assert found, shown[-2000:]
    report: dict[str, Any] = json.loads(unescape(found[1]))
    return report


@pytest.fixture(scope="module")
def reports(page: str, tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("browser")
    return {width: measured(page, folder, width) for width in (390, 1280)}


WIDTHS = pytest.mark.parametrize("width", [390, 1280])


@WIDTHS
def test_the_page_is_as_wide_as_its_window(reports: dict[int, dict[str, Any]], width: int) -> None:
    """Only boxes within it scroll sideways."""
    assert reports[width]["width"] == width
    assert reports[width]["page"] <= width


@WIDTHS
def test_every_formula_has_a_size(reports: dict[int, dict[str, Any]], width: int) -> None:
    """The browser understood each of them, in the font that the page brings."""
    formulas = reports[width]["formulas"]
    assert len(formulas) > 150
    assert min(min(right - left, bottom - top) for left, top, right, bottom in formulas) > 2
    assert reports[width]["fonts"] == ["loaded"]


@WIDTHS
def test_the_button_copies_the_equation(reports: dict[int, dict[str, Any]], width: int) -> None:
    """As LaTeX, whole and without its number."""
    assert reports[width]["copied"] == [r"i_t = \sigma(W_i\, x_t + U_i\, h_{t-1} + b_i)"]


def test_the_switch_of_colours_works(reports: dict[int, dict[str, Any]]) -> None:
    """From light, which the browser prefers here, to dark; the next page remembers that, and is switched back."""
    assert [reports[width]["theme"] for width in (390, 1280)] == ["dark", "light"]
    assert reports[390]["background"] == "rgb(22, 24, 28)"


@WIDTHS
def test_the_parts_of_a_row_never_overlap(reports: dict[int, dict[str, Any]], width: int) -> None:
    """Sides, number and reason keep apart: beside one another on a wide screen, below one another on a narrow one."""
    for parts in reports[width]["rows"]:
        for at, (left, top, right, bottom) in enumerate(parts):
            for other in parts[at + 1 :]:
                apart = other[0] >= right - 1 or other[2] <= left + 1 or other[1] >= bottom - 1 or other[3] <= top + 1
                # The number stays in sight while the formula below it is scrolled.
                assert apart or width == 390, (parts[at], other)


def test_the_script_of_the_page_is_let_run(page: str, tmp_path: Path) -> None:
    """With its policy in force: the buttons show themselves, and a foreign script does nothing."""
    path = tmp_path / "page.html"
    path.write_text(page.replace("</main>", "<script>document.title = 'foreign'</script></main>"), encoding="utf-8")
    shown = browse(path, "--dump-dom")
    assert "<title>foreign" not in shown
    assert re.search(r'<button type="button" class="copy" title', shown)


def test_pictures_can_be_taken(page: str, tmp_path: Path) -> None:
    """Of the screen and of the sheets that a printer gets."""
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    browse(path, f"--screenshot={tmp_path / 'page.png'}", "--window-size=1280,900")
    browse(path, f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    assert (tmp_path / "page.png").stat().st_size > 20_000
    assert (tmp_path / "page.pdf").read_bytes()[:5] == b"%PDF-"
