"""The rows by which two databases of one server differ, as a file that brings them back."""
