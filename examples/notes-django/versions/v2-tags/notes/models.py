"""What is kept."""

from django.db import models


class Note(models.Model):
    """A text under a number that its writer chose, and what it is about."""

    number = models.BigIntegerField(unique=True)
    text = models.TextField()
    tag = models.CharField(max_length=40, default="", db_default="")
    written = models.DateTimeField(auto_now_add=True)
