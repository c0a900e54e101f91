#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "irsite.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        from irsite.outages import outage_of

        outage = outage_of(error)
        if "--traceback" in sys.argv or not outage:
            raise
        sys.exit(f"irsite: {outage.value} ({error})")


if __name__ == "__main__":
    main()
