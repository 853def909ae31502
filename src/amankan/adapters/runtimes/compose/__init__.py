"""Apps that Docker Compose keeps running."""
