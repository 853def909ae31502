"""What an operation did, line by line, and how it is read again."""
