"""Lets generated requests get past the door: a random studio ends at 404, and a key that was used at 422.

A member, whose token names no studio, always says which one: the schema has no word for a header that only members need.
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
    if os.environ["FITKIT_ROLE"] == "member" and "FitKit-Org" not in case.headers:
        case.headers["FitKit-Org"] = os.environ["FITKIT_ORG"]


def replace(headers, name, valid, value):
    old = headers.get(name) if headers else None
    if isinstance(old, str) and valid.fullmatch(old):
        headers[name] = value
