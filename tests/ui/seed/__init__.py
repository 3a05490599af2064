"""A furnished installation: a lab with a month of work behind it, the same at every run."""
