"""The configuration: read, checked, and the annotated example."""
