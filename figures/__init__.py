"""The figures of the notebooks, drawn as SVG by `python -m figures`."""
