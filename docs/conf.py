"""Sphinx configuration. The reference, nomenclature and equations pages are written from the code first."""

from __future__ import annotations

import sys
import warnings
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import pages  # noqa: E402

import lcot.web.app  # noqa: E402, F401 - autodoc imports as a type checker does, which pydantic models do not survive

pages.write(HERE)

project = "LCOT"
author = "The LCOT developers"
copyright = "2026, The LCOT developers"
release = version = metadata.version("lcot")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinxcontrib.bibtex",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
default_role = "py:obj"
suppress_warnings = ["ref.python"]  # two floors may use one short name; the signature says which module


autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 10**9,
    "abort_on_example_error": True,
    "image_scrapers": (),
    "reset_modules": (),
    "within_subsection_order": "FileNameSortKey",
}
warnings.filterwarnings("ignore", category=DeprecationWarning)

html_theme = "furo"
html_title = "LCOT"
html_show_sourcelink = False
