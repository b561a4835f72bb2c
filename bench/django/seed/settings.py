"""As little of Django as a heartbeat needs, with its defaults."""

import os

SECRET_KEY = "loopback only"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["seed"]
MIDDLEWARE = []
ROOT_URLCONF = "seed.urls"
WSGI_APPLICATION = "seed.wsgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["SEED_DATABASE"],
        # One connection for each thread, kept: the kindest way there is.
        "CONN_MAX_AGE": None,
    }
}
