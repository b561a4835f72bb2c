"""The program that gunicorn runs; its tables are made at its start."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seed.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.core.management import call_command  # noqa: E402

application = get_wsgi_application()
call_command("migrate", run_syncdb=True, verbosity=0)
