"""Topics that several assignments grade; `graders/<assignment>/test_*.py` import the tests from here."""
