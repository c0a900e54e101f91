import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


NOT_PUBLIC = "尚未公开的信息不得在活动中透露"
FORECAST = "业绩预测应先履行信息披露义务"
PRICE = "不得预测或评论股价"
PROMISE = "不得作出保证或误导性的表述"
WORDS = {
    "未公开": NOT_PUBLIC,
    "未披露": NOT_PUBLIC,
    "内幕": NOT_PUBLIC,
    "内部消息": NOT_PUBLIC,
    "内部数据": NOT_PUBLIC,
    "保密": NOT_PUBLIC,
    "不便透露": NOT_PUBLIC,
    "业绩预测": FORECAST,
    "盈利预测": FORECAST,
    "预计净利润": FORECAST,
    "预计营业收入": FORECAST,
    "预计营收": FORECAST,
    "股价预测": PRICE,
    "目标价": PRICE,
    "目标市值": PRICE,
    "涨停": PRICE,
    "翻倍": PRICE,
    "保证收益": PROMISE,
    "稳赚": PROMISE,
}


def add_words(apps, schema_editor):
    words = apps.get_model("records", "WatchWord").objects.using(schema_editor.connection.alias)
    words.bulk_create(words.model(word=word, reason=reason) for word, reason in WORDS.items())


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0011_roles_as_before'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WatchWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(help_text='Full and half width, A and a are found alike.', max_length=40, unique=True, verbose_name='word')),
                ('reason', models.CharField(blank=True, help_text='Shown beside each place.', max_length=200, verbose_name='reason')),
                ('level', models.CharField(choices=[('error', 'error'), ('warning', 'warning')], default='warning', help_text='An error stops publishing; a warning is acknowledged.', max_length=8, verbose_name='level')),
            ],
            options={
                'verbose_name': 'watch word',
                'verbose_name_plural': 'watch words',
                'ordering': ['level', 'word'],
                'constraints': [models.CheckConstraint(condition=models.Q(('word__gt', '')), name='watch_word_has_a_word'), models.CheckConstraint(condition=models.Q(('level__in', ['error', 'warning'])), name='watch_word_level_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Acknowledgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('sentence', models.TextField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acknowledgements', to='records.record')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'acknowledgement',
                'verbose_name_plural': 'acknowledgements',
                'ordering': ['at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('record', 'key'), name='warning_is_acknowledged_once')],
            },
        ),
        migrations.RunPython(add_words, migrations.RunPython.noop),
    ]
