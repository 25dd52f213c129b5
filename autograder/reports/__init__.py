"""Renderings of records: feedback pages, exports. Nothing here decides points."""
