"""The nouns: frozen values without clock, file, process, network or chance."""
