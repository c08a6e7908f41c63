"""Torch side of Mouthpiece: corpus, models, training, export, evaluation. Never shipped in the zip."""
