"""One sentence under a traceback where this session differs from what code expects: no network, no such program.

A model that reads it stops trying to install things. The error itself stays as it is.
"""

import errno
import importlib.util
import os
import re
import socket

NO_NETWORK = "[There is no network in this session. Files come with messages or from the user.]"
PROGRAM = "[{name} is not installed: this session runs Python and the small programs of Debian's base system.]"
NO_FFMPEG = "[There is no ffmpeg here: save an animation as a GIF, with writer='pillow'.]"
NO_KALEIDO = "[plotly draws no pictures here: fig.write_html makes a file for the user; matplotlib draws pictures.]"

# What code starts and a base system lacks. Any other name may be a mistake that the error explains well.
PROGRAMS = frozenset(
    "antiword c++ cargo cc clang cmake convert curl dot dotnet ffmpeg ffprobe g++ gcc gfortran git go javac java "
    "latex libreoffice lualatex make mono node npm npx pandoc pdflatex pdftoppm pdftotext php pip pip3 Rscript ruby rustc "
    "soffice sox sudo swift tesseract tsc unoconv unzip wget wkhtmltopdf xelatex yarn".split()
)
# Modules with a near relative that is often there instead.
RELATIVES = {
    "PyPDF2": ("pypdf",),
    "fitz": ("pdfplumber", "pdfminer", "pypdf"),
    "pymupdf": ("pdfplumber", "pdfminer", "pypdf"),
    "pdfplumber": ("pdfminer", "pypdf"),
    "cv2": ("skimage", "PIL"),
    "skimage": ("PIL", "scipy.ndimage"),
    "bokeh": ("matplotlib", "plotly"),
    "altair": ("matplotlib", "plotly"),
    "plotly": ("matplotlib",),
    "seaborn": ("matplotlib",),
    "geopandas": ("shapely", "pandas"),
    "torch": ("sklearn", "numpy"),
    "tensorflow": ("sklearn", "numpy"),
    "lightgbm": ("xgboost", "sklearn"),
    "xlsxwriter": ("openpyxl",),
    "spacy": ("nltk",),
    "polars": ("pandas",),
    "fpdf": ("reportlab", "matplotlib.backends.backend_pdf"),
    "reportlab": ("fpdf", "matplotlib.backends.backend_pdf"),
}
FONTS = (
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "Latin, Greek, Cyrillic and Arabic"),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "Chinese, Japanese and Korean"),
)


def hint_at(shell):
    """Adds the sentences to what the shell shows of errors."""
    show = shell._showtraceback

    def show_with_hint(kind, error, lines):
        hint = _hint(error)
        show(kind, error, [*lines, hint] if hint else lines)

    shell._showtraceback = show_with_hint


def _hint(error):
    try:
        chain = _causes(error)
        return next((hint for cause in chain if (hint := _hint_for(cause))), "")
    except Exception:
        return ""  # an exception of the user's own, that cannot even be read


def _causes(error):
    chain = []
    while error is not None and error not in chain and len(chain) < 9:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _hint_for(error):
    text = str(error)[:2000]
    optional = re.search(r"Missing optional dependency '([\w.]+)'", text)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing(error.name.partition(".")[0])
    if isinstance(error, ImportError) and optional:
        return _missing(optional[1])
    if isinstance(error, FileNotFoundError) and error.filename in PROGRAMS:
        return PROGRAM.format(name=error.filename)
    if isinstance(error, socket.gaierror) or getattr(error, "errno", None) == errno.ENETUNREACH:
        return NO_NETWORK
    if "Resource" in text and "nltk.download" in text:
        return NO_NETWORK
    if "cannot open resource" in text or ("Can't open file" in text and type(error).__name__ == "TTFError"):
        return _fonts()
    if re.search(r"unknown file extension: \.(mp4|mov|avi|webm|mkv)|Requested MovieWriter \(ffmpeg\)", text):
        return NO_FFMPEG
    if "requires the kaleido package" in text or "requires the Kaleido package" in text:
        return NO_KALEIDO
    return ""


def _missing(name):
    instead = [other for other in RELATIVES.get(name, ()) if _there(other)]
    there = f" {' and '.join(instead)} {'are' if len(instead) > 1 else 'is'} there." if instead else ""
    return f"[{name} is not installed, and there is no network to install it from.{there}]"


def _there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def _fonts():
    there = [f"{path} has {scripts}" for path, scripts in FONTS if os.path.exists(path)]
    return f"[Fonts: {'; '.join(there)}.]" if there else ""
