"""Counts what the real SAM translator makes of each stack: at most 30 functions and 200 resources."""

import sys

import samtemplate

MAX_FUNCTIONS = 30
MAX_RESOURCES = 200


def main(files):
    failed = False
    for file in files:
        template = samtemplate.packaged(samtemplate.read(file), lambda uri: "s3://bucket/key", lambda file: file)
        resources = samtemplate.transformed(template)["Resources"]
        functions = sum(r["Type"] == "AWS::Lambda::Function" for r in resources.values())
        print(f"  {file}: {functions} functions, {len(resources)} resources")
        if functions > MAX_FUNCTIONS or len(resources) > MAX_RESOURCES:
            print(f"  {file} is over {MAX_FUNCTIONS} functions or {MAX_RESOURCES} resources: split the domain", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
