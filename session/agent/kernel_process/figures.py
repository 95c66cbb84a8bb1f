"""Figures arrive as sharp pictures, whatever backend or format code asks for: nobody has a window here."""

import io
import sys

INLINE = "module://matplotlib_inline.backend_inline"
# What the hosted interpreter gave: 10 x 6 inches arrived as 1979 x 1180 pixels, which is 200 dpi in a tight box.
DPI = 200
# Beyond it only a figure's own resolution counts: drawing takes time and memory by the pixel.
MAX_PIXELS = 16_000_000
PAD_INCHES = 0.1
# Files are as sharp as what is shown. Their box is the code's affair: a page of a PDF has the size that it was given.
FILES = {"savefig.dpi": DPI}


def draw_sharply(shell):
    """Puts the rules of this module around pyplot, if that is loaded, and around IPython's magic."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    import matplotlib
    from IPython.core import pylabtools
    from matplotlib_inline import backend_inline
    from matplotlib_inline.config import InlineBackend

    # Also what rcdefaults() and the style 'default' go back to.
    for settings in (matplotlib.rcParams, matplotlib.rcParamsDefault, matplotlib.rcParamsOrig):
        settings.update(FILES)
    _film_as_drawn()
    enable = shell.enable_matplotlib
    enable("inline")
    # `%matplotlib notebook`, matplotlib.use('Agg'): with any other backend show() would show nothing.
    shell.enable_matplotlib = lambda gui=None: enable("inline")
    pyplot.switch_backend(INLINE)
    pyplot.switch_backend = lambda name: None
    # `%config InlineBackend.figure_format` comes here: SVG and PDF would arrive as their source.
    pylabtools.select_figure_formats = backend_inline.select_figure_formats = _always_png
    _always_png(shell, {"png"}, **InlineBackend.instance(parent=shell).print_figure_kwargs)


def _film_as_drawn():
    """Moving pictures have the figure's own resolution: hundreds of sharp ones would take minutes."""
    from matplotlib.animation import Animation

    save = Animation.save

    def save_as_drawn(self, filename, writer=None, fps=None, dpi=None, *args, **kwargs):
        return save(self, filename, writer, fps, self._fig.dpi if dpi is None else dpi, *args, **kwargs)

    Animation.save = save_as_drawn


def _always_png(shell, formats, quality=None, **options):
    from matplotlib.figure import Figure

    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters["image/png"].for_type(Figure, lambda figure: _png(figure, options))


def _png(figure, options):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if not figure.axes and not figure.lines and not figure.texts and not figure.images:
        return None
    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        canvas = FigureCanvasAgg(figure)
    picture = io.BytesIO()
    settings = {
        "format": "png",
        "dpi": _dpi(*figure.get_size_inches(), figure),
        "facecolor": figure.get_facecolor(),
        "edgecolor": figure.get_edgecolor(),
        **options,
    }
    if settings.get("bbox_inches") == "tight":
        settings["bbox_inches"] = _with_labels(figure) or "tight"
    canvas.print_figure(picture, **settings)
    return picture.getvalue()


def _with_labels(figure):
    """The tight box, wide enough for the labels of axes too: matplotlib's own cuts those that are longer than the axis."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    axes = [each for each in figure.axes if each.name == "rectilinear" and each.get_visible() and each.axison]
    labels = [axis.label for each in axes for axis in (each.xaxis, each.yaxis) if axis.get_visible()]
    boxes = [label.get_window_extent(renderer) for label in labels if label.get_visible() and label.get_text()]
    inches = [box.transformed(figure.dpi_scale_trans.inverted()) for box in boxes]
    whole = Bbox.union([figure.get_tightbbox(renderer), *inches]).padded(PAD_INCHES)
    return whole if whole.width * whole.height * _dpi(*figure.get_size_inches(), figure) ** 2 <= MAX_PIXELS else None


def _dpi(width, height, figure):
    most = (MAX_PIXELS / max(width * height, 1e-9)) ** 0.5
    return max(figure.dpi, min(DPI, most))
