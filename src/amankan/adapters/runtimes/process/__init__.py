"""An app that is one process of this machine, with its supervisor."""
