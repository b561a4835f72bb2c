"""Heartbeats to two servers in turns, and what each costs its server on the processor.

Both are sent the same bodies on the same path, by the firmware's form without a key, over connections
that stay open. They take turns, so that what else the machine does falls on both. What the sender
itself uses is not counted.

    compare.py LANDFALL_BINARY GUNICORN_BINARY SECONDS DEVICES
"""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATH = "/admin-panel/api/esp32/heartbeat/"
TURNS = 4
# Heartbeats on their way at once.
AT_ONCE = 4
START_S = 30
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A process that is measured, with its children."""

    def __init__(self, name, command, port, **options):
        self.name, self.port = name, port
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
        )
        self.latencies_ms, self.cpu_s, self.errors = [], 0.0, 0
        ends = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                if time.monotonic() > ends or self.process.poll() is not None:
                    self.stop()
                    sys.exit(f"{name} does not start")
                time.sleep(0.05)

    def processes(self):
        pending, found = [self.process.pid], []
        while pending:
            pid = pending.pop()
            found.append(pid)
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
            pending += [int(child) for child in children.split()]
        return found

    def used_s(self):
        """User and system time; the name in a `stat` line may hold anything, fields count behind it."""
        ticks = 0
        for pid in self.processes():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS_A_SECOND

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def turn(self, seconds, devices):
        before = self.used_s()
        ends = time.monotonic() + seconds
        senders = [
            threading.Thread(target=self.send, args=(place, ends, devices))
            for place in range(AT_ONCE)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        self.cpu_s += self.used_s() - before

    def send(self, place, ends, devices):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_S)
        number = place
        while time.monotonic() < ends:
            number = (number + AT_ONCE) % devices
            body = {"device_id": f"ESP32_{number:05}", "ssid": "Class", "uptime_ms": 1000, "rssi": -50}
            began = time.monotonic()
            try:
                connection.request("POST", PATH, json.dumps(body), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                told = json.load(answer)
                if answer.status != 200 or told["status"] != "success":
                    self.errors += 1
            except (OSError, http.client.HTTPException, ValueError):
                self.errors += 1
                connection.close()
                continue
            self.latencies_ms.append((time.monotonic() - began) * 1000)
        connection.close()

    def result(self):
        latencies = sorted(self.latencies_ms)
        return {
            "heartbeats": len(latencies),
            "cpu_us_per_heartbeat": round(self.cpu_s * 1e6 / max(1, len(latencies)), 1),
            "p50_ms": round(latencies[len(latencies) // 2], 2),
            "p99_ms": round(latencies[len(latencies) * 99 // 100], 2),
            "errors": self.errors,
        }


def main():
    landfall, gunicorn, seconds, devices = sys.argv[1:5]
    seconds, devices = float(seconds), int(devices)
    with tempfile.TemporaryDirectory(prefix="landfall-django-") as folder:
        port = free_port()
        ours = Server(
            "landfall",
            [landfall, "serve", "--listen", f"127.0.0.1:{port}", "--allow-legacy-devices",
             "--database", f"sqlite:{folder}/landfall.db"],
            port,
        )
        port = free_port()
        try:
            django = Server(
                "django",
                # The class that keeps connections open; one process, for the writer is one anyway.
                [gunicorn, "--chdir", str(pathlib.Path(__file__).parent), "--bind",
                 f"127.0.0.1:{port}", "--workers", "1", "--worker-class", "gthread", "--threads",
                 str(AT_ONCE), "seed.wsgi"],
                port,
                env={**os.environ, "SEED_DATABASE": f"{folder}/django.db"},
            )
        except SystemExit:
            ours.stop()
            raise
        try:
            for server in (ours, django):
                # Every device is known before anything is counted.
                server.turn(seconds / TURNS, devices)
                server.latencies_ms, server.cpu_s, server.errors = [], 0.0, 0
            for _ in range(TURNS):
                ours.turn(seconds / TURNS, devices)
                django.turn(seconds / TURNS, devices)
        finally:
            ours.stop()
            django.stop()
    results = {server.name: server.result() for server in (ours, django)}
    cost = [results[name]["cpu_us_per_heartbeat"] for name in ("django", "landfall")]
    results["ratio"] = round(cost[0] / cost[1], 1)
    print(json.dumps(results))
    return any(server.errors for server in (ours, django))


if __name__ == "__main__":
    sys.exit(main())
