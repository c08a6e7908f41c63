"""Corpus builder: public recordings to shards of sound, canonical channels and phones.

Run ``python -m mouthpiece.training.corpus.build``; ``sets.py`` lists the sets, ``fit.py`` turns tracked
landmarks into channels, ``checks.py`` says whether the result can be trusted.
"""
