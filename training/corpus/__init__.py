"""Builders of the training corpus: data sets read once into uniform shards."""
