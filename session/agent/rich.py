"""The text of a rich output. Where text/plain says only of what class an object is, another form says more."""

import json
import re

from .terminal import plain

MAX_SOURCE_CHARACTERS = 16 * 1024
SOURCES = ("text/markdown", "text/latex", "application/json", "application/geo+json", "image/svg+xml", "text/html")
# What only a browser can show, by what its type begins with; the sentence says what to do instead.
FOR_BROWSERS = (
    (
        "application/vnd.plotly.",
        "[A plotly figure is interactive and cannot be shown here. fig.write_html('/mnt/data/figure.html') makes a file "
        "for the user; matplotlib draws pictures.]",
    ),
    (
        "application/vnd.vega",
        "[An Altair chart is interactive and cannot be shown here. chart.save('/mnt/data/chart.html') makes a file for "
        "the user; matplotlib draws pictures.]",
    ),
    (
        "application/vnd.bokehjs",
        "[A bokeh figure is interactive and cannot be shown here. bokeh.plotting.save(figure, "
        "'/mnt/data/figure.html') makes a file for the user; matplotlib draws pictures.]",
    ),
    ("application/vnd.jupyter.widget", "[A widget is interactive and cannot be shown here: print what it would show.]"),
    ("application/vnd.holoviews", "[A HoloViews object is interactive and cannot be shown here; matplotlib draws it.]"),
)
SCRIPTS = (
    "[HTML with scripts cannot be shown here. Written to a file in /mnt/data it can be given to the user; matplotlib "
    "draws pictures.]"
)
_SCRIPT = re.compile(r"<script\b", re.IGNORECASE)
# Up to its closing quote: of HTML that was cut off, a picture may be half of one.
_EMBEDDED = re.compile(r"data:image/(png|jpeg);base64,([A-Za-z0-9+/=\s\\]{100,})(?=[\"')])")
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


def embedded_image(data: dict[str, object]) -> tuple[str, str] | None:
    """(type, base64) of the first picture within HTML: of an animation, or of a page that code put together."""
    html = data.get("text/html")
    found = _EMBEDDED.search(html) if isinstance(html, str) else None
    if found is None:
        return None
    return f"image/{found[1]}", re.sub(r"[\s\\]", "", found[2])


def _for_browsers(data: dict[str, object]) -> str:
    for kind in data:
        for beginning, sentence in FOR_BROWSERS:
            if isinstance(kind, str) and kind.startswith(beginning):
                return sentence
    return ""


def rich_text(data: dict[str, object]) -> str:
    """What a reader of text is shown of an output in several forms; empty when there is nothing to read."""
    sentence = _for_browsers(data)
    if sentence:
        return sentence
    text = plain(data.get("text/plain"))
    said = text if text and not _ONLY_A_NAME.fullmatch(text) else ""
    html = data.get("text/html")
    if isinstance(html, str) and _SCRIPT.search(html):
        return f"{said}\n{SCRIPTS}".strip()
    if said:
        return said
    for kind in SOURCES:
        source = _source(data.get(kind))
        # Sound and moving pictures come as HTML around their bytes: their name says more.
        if source and ";base64," not in source:
            return middle_cut(source, MAX_SOURCE_CHARACTERS)
    return text
