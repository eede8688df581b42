"""From a derivation to a page: sections of blocks, in the words of a language's catalogue."""

from autorecur.page.compose import document as document
