"""Images of the Docker Engine and of the registries that it knows."""
