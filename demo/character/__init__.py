"""Poppy: an original stylised bust, all of it numpy geometry made by this package."""
