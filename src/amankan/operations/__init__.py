"""Plans, the steps they are made of, and the walk up and down."""
