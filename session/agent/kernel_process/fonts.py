"""Letters of all scripts in figures, under any style: fonts that have them stand behind every font that is asked for.

Settings alone cannot do this: every style and every `font.family` replaces them.
"""

import sys

# Of these, in this order, those that are installed. The first has Latin, Greek, Cyrillic and Arabic.
FALLBACK = (
    "DejaVu Sans",
    "WenQuanYi Micro Hei",
    "Noto Sans CJK JP",
    "Noto Sans Devanagari",
    "Lohit Devanagari",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Thai",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Gujarati",
    "Noto Sans Gurmukhi",
    "Noto Sans Georgian",
    "Noto Sans Armenian",
    "Noto Sans Ethiopic",
    "Noto Sans Symbols",
    "Symbola",
)
# Fonts that code names because other systems have them, and what looks most like them.
ALIASES = {
    "arial": "Liberation Sans",
    "helvetica": "Liberation Sans",
    "times new roman": "Liberation Serif",
    "times": "Liberation Serif",
    "courier new": "Liberation Mono",
    "courier": "Liberation Mono",
}


def fall_back_in_all_scripts():
    """Has matplotlib look for letters in more fonts than the one that is asked for, if it is loaded."""
    manager = sys.modules.get("matplotlib.font_manager")
    # Older versions draw with one font only.
    if manager is None or not hasattr(manager.FontManager, "_find_fonts_by_props"):
        return
    find = manager.FontManager._find_fonts_by_props
    manager.FontManager._find_fonts_by_props = _with_fallback(manager, find)


def _with_fallback(manager, find):
    known = {}

    def find_fonts(self, properties, fontext="ttf", *args, **kwargs):
        properties = manager.FontProperties._from_any(properties)
        # Code may add fonts of its own.
        if len(self.ttflist) not in known:
            known.clear()
            known[len(self.ttflist)] = {font.name.lower(): font.name for font in self.ttflist}
        installed = known[len(self.ttflist)]
        behind = [installed[name.lower()] for name in FALLBACK if name.lower() in installed]
        if fontext != "ttf" or not behind:
            return find(self, properties, fontext, *args, **kwargs)
        wanted = properties.copy()
        if properties.get_file() is not None:
            first = find(self, properties, fontext, *args, **kwargs)
            wanted = manager.FontProperties(family=behind, weight=properties.get_weight())
            return _unique([*first, *find(self, wanted, fontext, *args, **kwargs)])
        # Only what is there: a name that nobody has would be complained of for each piece of text.
        asked = [_installed(name, installed, manager) for name in properties.get_family()]
        wanted.set_family(_unique([name for name in asked if name] + behind))
        return _unique(find(self, wanted, fontext, *args, **kwargs))

    return find_fonts


def _installed(name, installed, manager):
    """The family that stands for that name here, or None. Of a generic one it is the first that is there."""
    lower = name.lower()
    names = [name]
    if lower in manager.font_family_aliases:
        import matplotlib

        generic = "sans-serif" if lower in ("sans serif", "sans") else lower
        names = matplotlib.rcParams.get(f"font.{generic}", [])
    for each in names:
        found = installed.get(each.lower()) or installed.get(ALIASES.get(each.lower(), "").lower())
        if found:
            return found
    return None


def _unique(items):
    return list(dict.fromkeys(items))
