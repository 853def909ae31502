"""What can be seen of the machine and of a folder on it."""
