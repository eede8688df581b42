"""Makes the mathematics font of HTML pages: the characters that the MathML printer knows, out of STIX Two Math.

    python notes/fonts/subset.py STIXTwoMath-Regular.otf

The font stands in Debian's package texlive-fonts-extra and at https://github.com/stipub/stixfonts; fontTools and brotli are
needed. Beside the font its characters are listed, which a test holds against what the printer may print.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from autorecur.render import characters  # noqa: E402

FOLDER = ROOT / "autorecur" / "render" / "fonts"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
STYLES = ("italic", "bold", "bold italic", "blackboard", "script")
# Browsers replace a single Greek letter by its italic form.
ITALIC_GREEK = "".join(map(chr, range(0x1D6E2, 0x1D71C)))
BOLD_GREEK = "".join(map(chr, (*range(0x1D6A8, 0x1D6E2), *range(0x1D71C, 0x1D756))))


def wanted() -> set[str]:
    """Every character that a formula may hold; what a user adds in words comes from the text's font."""
    fences = "".join(a + b for a, b in characters.FENCES.values())
    text = "".join(map(chr, range(0x20, 0x7F))) + "".join(map(chr, range(0xA0, 0x100)))
    text += "".join(characters.SIGNS.values()) + "".join(characters.GREEK.values()) + "".join(characters.BIG.values())
    text += fences + "".join(characters.ACCENTS.values()) + "⏟⏞ıȷŒœŠšŸŽž–—‘’“”…\u2009\u202f√ˆ˜‾−"
    styled = "".join(characters.styled(LETTERS + "0123456789", style) for style in STYLES)
    return set(text + styled + ITALIC_GREEK + BOLD_GREEK)


def main(path: str) -> None:
    font = TTFont(path)
    has = set(map(chr, font.getBestCmap()))
    kept = sorted(wanted() & has)
    options = subset.Options()
    options.layout_features = ["ssty", "dtls", "kern"]
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.flavor = "woff2"
    options.desubroutinize = False
    options.drop_tables += ["DSIG"]
    options.hinting = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(c) for c in kept])
    subsetter.subset(font)
    # A prime stands in a superscript, where browsers would raise it twice: its form for scripts takes its place.
    for table in font["cmap"].tables:
        table.cmap[0x2032] = f"{table.cmap[0x2032]}.ssty"
    font.flavor = "woff2"
    font.save(FOLDER / "math.woff2")
    (FOLDER / "math.txt").write_text("".join(kept).strip() + "\n", encoding="utf-8")
    missing = "".join(sorted(c for c in wanted() - has if c.isprintable()))
    print(
        f"{(FOLDER / 'math.woff2').stat().st_size:,} bytes, {len(kept)} characters; the font lacks: {missing or 'none'}"
    )


if __name__ == "__main__":
    main(sys.argv[1])
