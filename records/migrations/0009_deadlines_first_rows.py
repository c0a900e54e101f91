import datetime

from django.db import migrations

# The calendar of public holidays counts this day as worked; the exchanges were closed.
CLOSURES = [(datetime.date(2024, 2, 9), "沪深北交易所2024年春节休市安排：2月9日（除夕）休市")]

RULES = [
    ("", datetime.date(2012, 1, 1), "trading-days", 2, "活动结束后两个交易日内"),
    # The day is that from which companies of both boards are known to bind themselves to it, not that of the
    # exchange's own text: staff check it against their rules and change it here.
    *[
        (board, datetime.date(2025, 9, 1), "before-opening", None, "活动结束后次一交易日开市前；生效日期请按本公司适用规则核对")
        for board in ("szse-main", "chinext")
    ],
]


def add_rows(apps, schema_editor):
    using = schema_editor.connection.alias
    closures, rules = apps.get_model("records", "Closure"), apps.get_model("records", "DeadlineRule")
    closures.objects.using(using).bulk_create([closures(date=date, note=note) for date, note in CLOSURES])
    rules.objects.using(using).bulk_create(
        [
            rules(board=board, effective_from=day, kind=kind, trading_days=number, note=note)
            for board, day, kind, number, note in RULES
        ]
    )


class Migration(migrations.Migration):

    dependencies = [
        ("records", "0009_deadlines"),
    ]

    operations = [
        migrations.RunPython(add_rows, migrations.RunPython.noop),
    ]
