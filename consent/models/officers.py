"""What is remembered of people who try to sign in to the console. Officers themselves are Django users."""

from django.db import models


class SignInTry(models.Model):
    """One try that did not succeed, under keyed hashes: no name and no address stands here.

    In the database, because the limit must hold across all web processes.
    """

    name_hash = models.BinaryField(max_length=32)
    address_hash = models.BinaryField(max_length=32)
    tried_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["name_hash", "tried_at"], name="try_name"),
            models.Index(fields=["address_hash", "tried_at"], name="try_address"),
        ]
