"""From the solved course to what students get: strip, check, build, verify."""


class ReleaseError(Exception):
    """A release is refused; the message says where, what was expected, what came, what to do."""
