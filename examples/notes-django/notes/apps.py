"""The one app of the project."""

from django.apps import AppConfig


class NotesConfig(AppConfig):
    """Notes, by the name their tables begin with."""

    name = "notes"
