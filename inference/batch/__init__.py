"""A whole show's dialogue: a list of lines to files, in one process or on many machines."""
