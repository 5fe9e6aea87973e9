from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Every proof"

    def ready(self) -> None:
        from audit import guards, keys

        # Sent once for each app, when all of them were migrated: one of these is enough for every table.
        post_migrate.connect(guards.install_after_migrate, sender=self, dispatch_uid="audit.guards")
        post_migrate.connect(keys.make_after_migrate, sender=self, dispatch_uid="audit.keys")
