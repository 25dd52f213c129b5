"""What runs elsewhere: packages and workflows for the places where students hand in."""
