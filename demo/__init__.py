"""The demo: an original character, dialogue and reference takes, all made by code. Never in the zip."""
