"""Every precondition of an update, judged from what a look at production found; nothing is changed."""
