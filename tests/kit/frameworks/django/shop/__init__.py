"""An app with customers and their orders."""
