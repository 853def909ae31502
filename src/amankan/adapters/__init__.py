"""What keeps the ports' promises on real systems; families never import each other."""
