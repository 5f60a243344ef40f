"""`python -m headlamp` is the command `headlamp`."""

import sys

from headlamp.cli import main

sys.exit(main())
