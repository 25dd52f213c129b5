"""The course kit's grading side: releases, hidden graders, sandbox, gradebook, reports."""

import sys

# jsonschema, which nbgrader imports, compiles this package's grammars for a second, for formats no schema
# here has. None reads as "not installed"; jsonschema then does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
