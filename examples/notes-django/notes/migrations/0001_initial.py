"""The first table."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Notes under numbers."""

    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(unique=True)),
                ("text", models.TextField()),
                ("written", models.DateTimeField(auto_now_add=True)),
            ],
        )
    ]
