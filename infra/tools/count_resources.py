"""Counts what the real SAM translator makes of each stack: at most 30 functions and 200 resources."""

import os
import pathlib
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

MAX_FUNCTIONS = 30
MAX_RESOURCES = 200


class NoManagedPolicies:
    """Our roles name no managed policies, so there is nothing to look up."""

    def load(self):
        return {}


def parameters(template):
    """A stand-in for every parameter without a default, of its own type."""
    return {
        name: 30 if declared.get("Type") == "Number" else "value"
        for name, declared in template.get("Parameters", {}).items()
        if "Default" not in declared
    }


def main(files):
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    failed = False
    for file in files:
        template = yaml_parse(pathlib.Path(file).read_text(encoding="utf-8"))
        for resource in template["Resources"].values():
            if "CodeUri" in resource.get("Properties", {}):
                resource["Properties"]["CodeUri"] = "s3://bucket/key"  # as sam package would put it
        resources = transform(template, parameters(template), NoManagedPolicies())["Resources"]
        functions = sum(r["Type"] == "AWS::Lambda::Function" for r in resources.values())
        print(f"  {file}: {functions} functions, {len(resources)} resources")
        if functions > MAX_FUNCTIONS or len(resources) > MAX_RESOURCES:
            print(f"  {file} is over {MAX_FUNCTIONS} functions or {MAX_RESOURCES} resources: split the domain", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
