"""The networks of the course, built from the layers of `cs_lib.layers`."""
