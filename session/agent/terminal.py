"""Text for readers that are no terminal: without colours and other escape sequences, with \\n at the end of lines."""

import re

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, movements
    r"|\][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # titles, links
    r"|[ -/]+[0-~]"  # character sets
    r"|[0-Z\\^_`a-~])"
)
_LINE_END = re.compile(r"(?<!\r)\r+\n")
# The beginning of a sequence or of a line's end, at the end of a piece of text.
_BEGUN = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b\n]*\x1b?|[ -/]*)|(?<!\r)\r+)\Z")
_MAX_BEGUN = 4096


def plain(text: object) -> str:
    """Text without escape sequences; anything that is not text becomes empty."""
    return _ESCAPE.sub("", text) if isinstance(text, str) else ""


class PlainStream:
    """Cleans the text of one stream, whose sequences may be split over its pieces.

    What is begun and never comes to its end would have done nothing in a terminal: it is dropped.
    """

    def __init__(self) -> None:
        self._begun = ""

    def clean(self, piece: str) -> str:
        """What can be shown of the text so far and has not been."""
        text = self._begun + piece
        self._begun = ""
        if "\x1b" not in text and "\r" not in text:
            return text
        begun = _BEGUN.search(text, max(0, len(text) - _MAX_BEGUN))
        if begun:
            text, self._begun = text[: begun.start()], begun.group()
        return _LINE_END.sub("\n", _ESCAPE.sub("", text))
