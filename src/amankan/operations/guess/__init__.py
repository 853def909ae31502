"""What an app seems to be, guessed from what was seen of it; every guess tells what it was guessed from."""
