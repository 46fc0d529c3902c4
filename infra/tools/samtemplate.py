"""Templates as the real SAM translator makes them, on this machine, without an account."""

import logging
import os
import pathlib

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

logging.disable(logging.WARNING)  # the translator talks about its own feature flags
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")


class NoManagedPolicies:
    """Our roles name no managed policies, so there is nothing to look up."""

    def load(self):
        return {}


def read(file):
    """A template of the repository."""
    return yaml_parse(pathlib.Path(file).read_text(encoding="utf-8"))


def stand_ins(template):
    """A value for every parameter without a default, of its own type."""
    return {
        name: 30 if declared.get("Type") == "Number" else "value"
        for name, declared in template.get("Parameters", {}).items()
        if "Default" not in declared
    }


def packaged(template, code, location):
    """The template as sam package leaves it: code(uri) and location(file) say where the artefacts were uploaded."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            properties["CodeUri"] = code(properties["CodeUri"])
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = location(properties["Location"])
    return template


def transformed(template, parameters=None):
    """What CloudFormation would work on."""
    return transform(template, parameters or stand_ins(template), NoManagedPolicies())
