"""Devices by the id they say, and which session one is in."""

from django.db import models


class Device(models.Model):
    device_id = models.CharField(max_length=64, unique=True)
    device_name = models.CharField(max_length=64, blank=True)
    location = models.CharField(max_length=64, blank=True)
    ssid = models.CharField(max_length=32, blank=True)
    password = models.CharField(max_length=63, blank=True)
    is_active = models.BooleanField(default=True)
    last_heartbeat = models.DateTimeField(null=True)


class Session(models.Model):
    device = models.ForeignKey(Device, on_delete=models.CASCADE)
    course_code = models.CharField(max_length=64)
    course_title = models.CharField(max_length=128)
    is_active = models.BooleanField(default=True)
