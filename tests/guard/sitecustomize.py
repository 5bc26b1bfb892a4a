"""Python runs this at its start in every process that a test starts: the guard holds there, too."""

import loopback_guard

loopback_guard.install()
