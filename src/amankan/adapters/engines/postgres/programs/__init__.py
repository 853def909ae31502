"""PostgreSQL's programs taken out of an image, to be run on the machine beside it."""
