"""The course kit's grading side: releases, hidden graders, sandbox, gradebook, reports."""
