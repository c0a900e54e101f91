"""Records are reviewed before they are published, and every step on the way is kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATUSES = [
    ("draft", "draft"),
    ("review", "in review"),
    ("published", "published"),
    ("superseded", "superseded"),
    ("withdrawn", "withdrawn"),
]


def status() -> models.Field:
    return models.CharField(
        choices=STATUSES, default="draft", editable=False, max_length=12, verbose_name="status"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0009_deadlines_first_rows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="record", name="record_status_is_known"),
        migrations.RemoveConstraint(model_name="record", name="published_record_has_its_dates"),
        migrations.AlterField(model_name="historicalrecord", name="status", field=status()),
        migrations.AlterField(model_name="record", name="status", field=status()),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.CheckConstraint(
                condition=models.Q(status__in=[value for value, _label in STATUSES]), name="record_status_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.CheckConstraint(
                condition=models.Q(status__in=["draft", "review"])
                | models.Q(disclosed_on__isnull=False, held_from__isnull=False, published_at__isnull=False),
                name="published_record_has_its_dates",
            ),
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verb", models.CharField(max_length=12, verbose_name="verb")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="moment")),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="records.record",
                        verbose_name="record",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "step",
                "verbose_name_plural": "steps",
                "ordering": ["pk"],
                "default_permissions": (),
            },
        ),
    ]
