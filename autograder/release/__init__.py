"""From the solved course to what students get: strip, check, build, verify."""
