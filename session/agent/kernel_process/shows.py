"""What would open a window or a browser elsewhere becomes a picture here, or one sentence."""

import base64
import io
import sys
import webbrowser

# Pictures that nobody takes as they are, by their type as a mime bundle names it.
CONVERTED = ("image/gif", "image/webp", "image/bmp", "image/tiff")
NO_BROWSER = "[There is no browser here to open {url} in. Files in /mnt/data can be given to the user.]"


class _Nowhere(webbrowser.BaseBrowser):
    """The browser of a session: what bokeh, folium and others open is told."""

    def open(self, url, new=0, autoraise=True):
        print(NO_BROWSER.format(url=str(url)[:200]))
        return True


def show_here(shell):
    """Puts pictures of PIL, moving pictures and web pages where the reader of this session sees something of them."""
    webbrowser.register("nowhere", None, _Nowhere(), preferred=True)
    _show_pillow_images()
    formatter = shell.display_formatter
    form = formatter.format

    def format_with_pictures(thing, include=None, exclude=None):
        forms, metadata = form(thing, include, exclude)
        for kind in CONVERTED:
            if kind in forms and "image/png" not in forms:
                _as_png(forms, kind)
        return forms, metadata

    formatter.format = format_with_pictures


def _show_pillow_images():
    try:
        from PIL import ImageShow
    except ImportError:
        return  # then nobody has a picture to show

    class Here(ImageShow.Viewer):
        def show(self, image, **options):
            from IPython.display import display

            # A copy: formatters know images by their class, and a lazily loaded file has one of its own.
            display(image.copy())
            return True

    ImageShow.register(Here(), 0)


def _as_png(forms, kind):
    """Adds the first picture of a moving one, and says that it is one."""
    try:
        from PIL import Image

        data = forms[kind]
        data = base64.b64decode(data) if isinstance(data, str) else data
        with Image.open(io.BytesIO(data)) as picture:
            frames = getattr(picture, "n_frames", 1)
            png = io.BytesIO()
            picture.convert("RGBA").save(png, "PNG")
    except Exception as error:
        print(f"[This {kind} could not be shown: {error}]", file=sys.stderr)
        return
    forms["image/png"] = base64.b64encode(png.getvalue()).decode()
    if frames > 1:
        print(f"[The first of the {frames} pictures of an animation is shown.]")
