"""What is kept."""

from django.db import models


class Note(models.Model):
    """A text under a number that its writer chose."""

    number = models.BigIntegerField(unique=True)
    text = models.TextField()
    written = models.DateTimeField(auto_now_add=True)
