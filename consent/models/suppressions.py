"""Who asked to be left alone, or was erased: enough to know them if they are brought again, and no more."""

import uuid

from django.db import models

from audit.guards import Guard


class Suppression(models.Model):
    """One identifier as a keyed hash, under a key outside the database that serves nothing else.

    It links to nothing: a random number, no foreign key, and the month only, as its first day.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    hash = models.BinaryField(max_length=32, unique=True)
    month = models.DateField()

    guard = Guard(delete="")
