"""`python3 -m agent`"""

import os
import sys

from .app import main

code = main()
sys.stdout.flush()
sys.stderr.flush()
# At once: no thread that still copies a file may hold up the end of a session that is paid by the second.
os._exit(code)
