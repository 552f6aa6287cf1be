"""How the documentation is built: offline, without a warning, without anything fetched."""

from holdfast import __version__

project = "Holdfast"
author = "The Holdfast authors"
release = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"Holdfast {release}"
html_copy_source = False
html_show_sphinx = False
