"""Deaths of an update of an app that Docker Compose keeps running."""
