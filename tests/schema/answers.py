"""Whether the server answers as its own document says: `python answers.py LANDFALL`.

A fresh server on loopback is asked, as its admin, what Schemathesis makes of the OpenAPI document,
right and wrong. No answer may be the server's own fault, or one that the document does not have.
Each operation counts as one: the last line is `schema N passed, N failed`.
"""

import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import requests

# How long is asked, at most: what is left of it goes to sequences of requests.
ASK_S = 60
# Of one operation, beside the borders of its values, which are all asked.
EXAMPLES = 10
# The same questions every time: what fails here fails again.
SEED = 1
# How long a busy machine may take to start the server, and to give one answer.
PATIENCE_S = 60
# What the server says at its first start.
SAID = re.compile(r"admin password: (?P<password>\S+)\nlistening on (?P<base>\S+)\n")
# A server's fault, and what is not in the document.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# A stream without an end, and what would take the run's own login or token from it.
EXCLUDED = (
    "/api/v1/events",
    "/api/v1/login",
    "/api/v1/logout",
    "/api/v1/tokens/{id}",
    "/api/v1/users/{username}",
)


@contextlib.contextmanager
def server(landfall, folder):
    """Its address, and the password of its admin."""
    command = [landfall, "serve", "--listen", "127.0.0.1:0", "--allow-legacy-devices"]
    command += ["--database", f"sqlite:{folder / 'landfall.db'}"]
    out, err = folder / "out", folder / "err"
    with out.open("w") as stdout, err.open("w") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
    try:
        for _ in range(PATIENCE_S * 10):
            said = SAID.search(out.read_text())
            if said or process.poll() is not None:
                break
            time.sleep(0.1)
        if not said:
            sys.exit(f"the server did not start:\n{err.read_text()}")
        yield said["base"], said["password"]
    finally:
        process.terminate()
        process.wait()


def token(base, password):
    """A token of the admin's."""
    with requests.Session() as session:
        login = {"username": "admin", "password": password}
        answer = session.post(f"{base}/api/v1/login", json=login, timeout=PATIENCE_S)
        answer.raise_for_status()
        session.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        answer = session.post(f"{base}/api/v1/tokens", json={"name": "test"}, timeout=PATIENCE_S)
        answer.raise_for_status()
        return answer.json()["token"]


def furnish(base, bearer):
    """Something to be shown: lists without items would tell nothing of their form."""
    course = {"course": "CS101", "session": "2024/2025", "semester": "1st Semester"}
    for path, body in (
        ("heartbeat", {"device_id": "ESP32_001", "rssi": -50}),
        ("courses", {"code": "CS101", "title": "Introduction to Computer Science"}),
        ("users", {"username": "ada", "role": "lecturer"}),
        ("assignments", {"lecturer": "ada", **course}),
        ("enrolments", {"matric": "CSC/2020/001", "name": "Sam", **course}),
        ("sessions", {"require_code": True, **course}),
        ("sessions/1/marks", {"matric": "CSC/2020/001", "status": "late", "reason": "bus"}),
        ("enroll", {"hardware_id": "lf-246f2856789a", "device_key": "5a" * 32}),
        ("claims", {}),
    ):
        headers = {} if path in ("heartbeat", "enroll") else {"Authorization": f"Bearer {bearer}"}
        url = f"{base}/api/v1/{path}"
        requests.post(url, json=body, headers=headers, timeout=PATIENCE_S).raise_for_status()


def ask(base, bearer, report):
    """Asks everything, and leaves a report."""
    command = [pathlib.Path(sys.executable).parent / "schemathesis", "run"]
    command += [f"{base}/api/openapi.json", "--header", f"Authorization: Bearer {bearer}"]
    command += ["--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing,stateful"]
    command += [part for path in EXCLUDED for part in ("--exclude-path", path)]
    command += [f"--max-examples={EXAMPLES}", f"--max-time={ASK_S}", f"--seed={SEED}"]
    # One worker: two of them run into the interpreter's own limits.
    command += ["--workers=1", f"--request-timeout={PATIENCE_S}", "--no-shrink"]
    command += ["--continue-on-failure", "--warnings=off", "--no-color"]
    command += ["--report=junit", f"--report-junit-path={report}"]
    return subprocess.run(command, cwd=report.parent, check=False).returncode


def main(landfall):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        report = folder / "report.xml"
        with server(landfall, folder) as (base, password):
            bearer = token(base, password)
            furnish(base, bearer)
            status = ask(base, bearer, report)
        cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
    failed = sum(1 for case in cases if {"failure", "error"} & {part.tag for part in case})
    print(f"schema {len(cases) - failed} passed, {failed} failed")
    return status


sys.exit(main(sys.argv[1]))
