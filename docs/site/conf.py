"""Sphinx's settings. `docs/site/__main__.py` starts it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

project = "cs-course-kit"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
root_doc = "index"
myst_heading_anchors = 4
smartquotes = False
default_role = "code"  # docstrings write names in single backticks
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
add_module_names = False
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of NumPy and pytest, whose docs are not here

highlight_language = "none"
html_theme = "furo"
html_title = "cs-course-kit"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b57a4", "color-brand-content": "#0b57a4"},
    "dark_css_variables": {"color-brand-primary": "#8ab8f0", "color-brand-content": "#8ab8f0"},
}
