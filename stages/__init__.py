"""One short module per stage: read the parameters, read the inputs, compute, write.

Each is a command, ``python -m stages.<name>``, which imports this package first: so Ctrl-C, and a request to
end, are heard from then on, also while the module imports what it needs. Processes that the command starts
import it first as well.
"""

from __future__ import annotations

import sys

from layerscope.process import end_with_parent
from stages.command import hear

end_with_parent()
if sys.argv[0] == "-m":  # Python's own mark for a module that it is about to run
    hear()
