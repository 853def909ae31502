"""What keeps an app running: Compose, plain processes."""
