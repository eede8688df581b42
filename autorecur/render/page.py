"""The measures of the page that both PDF routes set: a text column and a column of reasons. In points."""

from __future__ import annotations

MILLIMETRE = 72.27 / 25.4

TEXT_WIDTH = 124 * MILLIMETRE
NOTE_WIDTH = 40 * MILLIMETRE
GAP_WIDTH = 6 * MILLIMETRE
FULL_WIDTH = TEXT_WIDTH + GAP_WIDTH + NOTE_WIDTH

TEXT_SIZE = 10.0
NOTE_SIZE = 8.0
LINE = 12.0
NOTE_LINE = 9.5
PARAGRAPH_SKIP = 4.0
DISPLAY_SKIP = 6.0
ROW_SKIP = 4.0
