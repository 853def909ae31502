"""What a note is about, taken from its first word."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def take_first_word(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Every note has its first word as its tag."""
    for note in apps.get_model("notes", "Note").objects.all().iterator():
        note.tag = note.text.split(" ", 1)[0][:40]
        note.save(update_fields=["tag"])


class Migration(migrations.Migration):
    """A column that may be absent for the release before."""

    dependencies: ClassVar = [("notes", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField("note", "tag", models.CharField(max_length=40, default="", db_default="")),
        migrations.RunPython(take_first_word, migrations.RunPython.noop),
    ]
