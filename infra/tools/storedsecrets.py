"""Starts one real function against the parameter store of a stand-in for AWS, and lets it answer one event.

The function is Clerk's webhook, whose answer tells which secret it has read.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import uuid

DATABASE = "/fitkit/staging/shared/SYSTEM_DATABASE_URL"
SECRET = "/fitkit/staging/org/CLERK_WEBHOOK_SECRET"
NEVER = "postgres://nobody:never-asked@127.0.0.1:1/nowhere"


class Lambda(http.server.ThreadingHTTPServer):
    """A runtime API with one event, which it hands out once."""

    def __init__(self, event):
        super().__init__(("127.0.0.1", 0), Invocation)
        self.event, self.answer, self.answered = json.dumps(event).encode(), None, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Invocation(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.server.answer is not None:
            return  # there is no second event
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4()))
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 20) * 1000)))
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self):
        body = b""
        while size := int(self.rfile.readline(), 16):  # the runtime sends its answer in chunks
            body += self.rfile.read(size)
            self.rfile.readline()
        self.server.answer = json.loads(body)
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answered.set()

    def log_message(self, *_):
        pass


def signed(secret):
    """A webhook of a kind that nobody applies, so that no database is asked."""
    now, body = str(int(time.time())), '{"type":"session.created","data":{"id":"sess_1"}}'
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), f"msg_1.{now}.{body}".encode(), hashlib.sha256)
    signature = "v1," + base64.b64encode(mac.digest()).decode()
    return {"body": body, "headers": {"svix-id": "msg_1", "svix-timestamp": now, "svix-signature": signature}}


def run(function, endpoint, runtime):
    """The running function, with names where its secrets would be."""
    return subprocess.Popen([function], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_address[1]}", "AWS_ENDPOINT_URL_SSM": endpoint, "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "dry", "AWS_SECRET_ACCESS_KEY": "run", "AWS_LAMBDA_FUNCTION_NAME": "hook-org-clerk", "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "STAGE": "staging", "QUEUE_URL_PREFIX": "https://never.asked.invalid/", "CLERK_WEBHOOK_SECRET": f"ssm:{SECRET}", "SYSTEM_DATABASE_URL": f"ssm:{DATABASE}:1"})


def check(ssm, endpoint, function):
    """Refused while a secret is missing; with all of them, one is read as it is now and one in its first version."""
    secret = "whsec_" + base64.b64encode(os.urandom(24)).decode()
    runtime = Lambda(signed(secret))
    ssm.put_parameter(Name=DATABASE, Type="SecureString", Value=NEVER)
    ssm.put_parameter(Name=DATABASE, Type="SecureString", Value="no address at all", Overwrite=True)
    said, _ = run(function, endpoint, runtime).communicate(timeout=30)
    if f"CLERK_WEBHOOK_SECRET: is not in the parameter store: put it at {SECRET}" not in said or "1 setting(s)" not in said:
        sys.exit(f"dry run: without its secret the function said {said!r}")
    print("  a function without its secret says where to put it")
    ssm.put_parameter(Name=SECRET, Type="SecureString", Value=secret)
    process = run(function, endpoint, runtime)
    answered = runtime.answered.wait(30)
    process.kill()
    said, _ = process.communicate()
    runtime.shutdown()
    if not answered or runtime.answer.get("statusCode") != 204:
        sys.exit(f"dry run: with its secret the function answered {runtime.answer} and said {said!r}")
    print("  with it, the function reads it and verifies a webhook by it")
