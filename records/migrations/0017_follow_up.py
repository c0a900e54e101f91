"""Who came, and who signed a commitment letter."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0016_retention_of_all_that_was_published")]

    operations = [
        migrations.AddField(
            model_name='historicalparticipant',
            name='attended',
            field=models.CharField(blank=True, choices=[('', 'unknown'), ('yes', 'came'), ('no', 'absent')], max_length=3, verbose_name='attendance'),
        ),
        migrations.AddField(
            model_name='historicalparticipant',
            name='commitment_letter',
            field=models.CharField(blank=True, choices=[('', 'unknown'), ('signed', 'signed'), ('unsigned', 'unsigned'), ('not_needed', 'exempt')], max_length=10, verbose_name='commitment letter'),
        ),
        migrations.AddField(
            model_name='participant',
            name='attended',
            field=models.CharField(blank=True, choices=[('', 'unknown'), ('yes', 'came'), ('no', 'absent')], max_length=3, verbose_name='attendance'),
        ),
        migrations.AddField(
            model_name='participant',
            name='commitment_letter',
            field=models.CharField(blank=True, choices=[('', 'unknown'), ('signed', 'signed'), ('unsigned', 'unsigned'), ('not_needed', 'exempt')], max_length=10, verbose_name='commitment letter'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(('attended__in', ['', 'yes', 'no']), ('commitment_letter__in', ['', 'signed', 'unsigned', 'not_needed'])), name='participant_follow_up_is_known'),
        ),
    ]
