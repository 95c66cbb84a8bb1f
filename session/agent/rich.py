"""The text of a rich output. Where text/plain says only of what class an object is, another form says more."""

import json
import re

from .terminal import plain

MAX_SOURCE_CHARACTERS = 16 * 1024
SOURCES = ("text/markdown", "text/latex", "application/json", "application/geo+json", "image/svg+xml", "text/html")
_ONLY_A_NAME = re.compile(r"<[\w.<>]+(?: object)?(?: at 0x[0-9a-f]+)?>")


def middle_cut(text: str, limit: int) -> str:
    """Keeps the beginning and the end of a text that is too long: tracebacks tell most at both ends."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def _source(form: object) -> str:
    if isinstance(form, (dict, list)):
        try:
            return json.dumps(form, ensure_ascii=False)
        except RecursionError:
            return ""  # forged: nested as deeply as could just be read
    return plain(form)


def rich_text(data: dict[str, object]) -> str:
    """What a reader of text is shown of an output in several forms; empty when there is nothing to read."""
    text = plain(data.get("text/plain"))
    if text and not _ONLY_A_NAME.fullmatch(text):
        return text
    for kind in SOURCES:
        source = _source(data.get(kind))
        # Sound and moving pictures come as HTML around their bytes: their name says more.
        if source and ";base64," not in source:
            return middle_cut(source, MAX_SOURCE_CHARACTERS)
    return text
