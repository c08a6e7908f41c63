"""``python -m mouthpiece.training.corpus`` is ``build.py``."""

import sys

from .build import main

sys.exit(main())
