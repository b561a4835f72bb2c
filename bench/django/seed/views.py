"""The heartbeat: the device is looked up, its row written, its session looked up, the answer made."""

import json

from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from .models import Device, Session


def error(message, status):
    return JsonResponse({"status": "error", "message": message}, status=status)


@csrf_exempt
def heartbeat(request):
    if request.method != "POST":
        return error("Method not allowed", 405)
    try:
        said = json.loads(request.body)
    except ValueError:
        return error("Invalid JSON", 400)
    device_id = said.get("device_id")
    if not device_id:
        return error("Device ID required", 400)
    device, created = Device.objects.get_or_create(device_id=device_id)
    device.last_heartbeat = timezone.now()
    device.save()
    session = Session.objects.filter(device=device, is_active=True).first()
    answer = {"status": "success", "device_id": device_id, "created": created}
    if session is None:
        answer["message"] = "Heartbeat received - Device idle"
        answer["configuration"] = {
            "active_session": False,
            "message": "No active session - device in standby mode",
        }
    else:
        answer["message"] = "Heartbeat received - Active session configuration applied"
        answer["configuration"] = {
            "active_session": True,
            "course_code": session.course_code,
            "course_title": session.course_title,
            "ssid": device.ssid,
            "password": device.password,
            "session_id": session.id,
        }
    return JsonResponse(answer)
