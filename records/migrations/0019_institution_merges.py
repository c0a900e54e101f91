"""Institutions that became part of others, with what moved."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0018_dates_of_aliases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='InstitutionMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('former_id', models.BigIntegerField(editable=False)),
                ('name', models.CharField(max_length=120, verbose_name='merged institution')),
                ('type', models.CharField(choices=[('mutual-fund', 'mutual fund manager'), ('securities', 'securities company'), ('securities-am', 'securities asset manager'), ('private-fund', 'private fund manager'), ('insurance', 'insurer or its asset manager'), ('bank', 'bank or wealth manager'), ('trust', 'trust company'), ('futures', 'futures company'), ('foreign', 'foreign investor or QFII'), ('pension', 'social security or pension fund'), ('corporate', 'industrial or listed company'), ('media', 'media'), ('person', 'individual'), ('other', 'other'), ('unknown', 'unknown')], max_length=16)),
                ('pinyin', models.CharField(blank=True, max_length=200)),
                ('reviewed', models.BooleanField()),
                ('into_name', models.CharField(max_length=120, verbose_name='became part of')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='moment')),
                ('moved', models.JSONField(default=dict)),
                ('moved_aliases', models.JSONField(default=dict)),
                ('participant_count', models.PositiveIntegerField(default=0, verbose_name='participants')),
                ('record_count', models.PositiveIntegerField(default=0, verbose_name='records')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone at')),
                ('into', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='merges', to='records.institution', verbose_name='became part of')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undone by')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
            ],
            options={
                'verbose_name': 'merge of institutions',
                'verbose_name_plural': 'merges of institutions',
                'ordering': ['-pk'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('former_id',), name='institution_is_merged_once'), models.CheckConstraint(condition=models.Q(('former_id', models.F('into')), _negated=True), name='institution_is_not_its_own_part'), models.CheckConstraint(condition=models.Q(('undone_by__isnull', True), ('undone_at__isnull', False), _connector='OR'), name='who_undoes_does_it_some_day')],
            },
        ),
    ]
