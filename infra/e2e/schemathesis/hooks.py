"""Lets generated requests get past the door: a random studio ends at 404, and a key that was used at 422.

Headers that are wrong on purpose stay as they are.
"""
import os
import re
import uuid

import schemathesis

KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@schemathesis.hook
def before_call(context, case, kwargs):
    replace(case.headers, "Idempotency-Key", KEY, str(uuid.uuid4()))
    replace(case.headers, "FitKit-Org", ID, os.environ["FITKIT_ORG"])


def replace(headers, name, valid, value):
    old = headers.get(name) if headers else None
    if isinstance(old, str) and valid.fullmatch(old):
        headers[name] = value
