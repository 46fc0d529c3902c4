"""Counts what the real SAM translator makes of the templates, and holds it against AWS's limits and our own below them.

    count_resources.py [--zips FOLDER] template.yaml infra/stacks/*.yaml

The folder is what make sam-build packs; without it no package is measured.
"""

import argparse
import json
import pathlib
import sys

import samtemplate

MAX_FUNCTIONS = 30  # of a stack, ours
MAX_RESOURCES = 200  # of a stack, ours; AWS: 500
MAX_TREE = 2500  # resources of one operation over nested stacks
MAX_TEMPLATE = 1_000_000  # bytes of a template in S3, where sam deploy puts each; only 51,200 could go without
MAX_INTEGRATIONS = 300  # of one HTTP API; cannot be raised
MAX_PARAMETERS = 200
MAX_PACKAGE = 10_000_000  # bytes of a function's zip, ours; AWS: 50 MB


def over(what, have, limit, advice):
    return f"{what} is {have:,}, over {limit:,}: {advice}" if have > limit else None


def stack(file, totals):
    """One line about a template, and what is wrong with it."""
    template = samtemplate.packaged(samtemplate.read(file), lambda uri: "s3://bucket/key", lambda file: file)
    made = samtemplate.transformed(template)
    kinds = [r["Type"] for r in made["Resources"].values()]
    functions, size = kinds.count("AWS::Lambda::Function"), len(json.dumps(made))
    totals["resources"] += len(kinds)
    totals["integrations"] += kinds.count("AWS::ApiGatewayV2::Integration")
    print(f"  {file}: {functions} functions, {len(kinds)} resources, {len(made.get('Parameters', {}))} parameters, {size:,} bytes")
    return [
        over(f"{file}: the number of functions", functions, MAX_FUNCTIONS, "split the domain"),
        over(f"{file}: the number of resources", len(kinds), MAX_RESOURCES, "split the domain"),
        over(f"{file}: the number of parameters", len(made.get("Parameters", {})), MAX_PARAMETERS, "take some together"),
        over(f"{file}: the size in bytes", size, MAX_TEMPLATE, "split the domain"),
    ]


def packages(folder):
    sizes = {zipped.stem: zipped.stat().st_size for zipped in sorted(folder.glob("*.zip"))}
    if not sizes:
        return [f"{folder} holds no packages: run make sam-build"]
    name = max(sizes, key=sizes.get)
    print(f"  {len(sizes)} packages, {sum(sizes.values()):,} bytes; the largest is {name} with {sizes[name]:,}")
    return [over(f"the package of {n} in bytes", size, MAX_PACKAGE, "see what it links that it does not need") for n, size in sizes.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zips", type=pathlib.Path, help="the folder of deployment packages")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    totals = {"resources": 0, "integrations": 0}
    problems = [p for file in args.files for p in stack(file, totals)]
    print(f"  together {totals['resources']} resources and {totals['integrations']} integrations")
    problems += [
        over("the number of resources of the whole tree", totals["resources"], MAX_TREE, "deploy some domains by themselves"),
        over("the number of integrations", totals["integrations"], MAX_INTEGRATIONS, "move endpoints to function URLs (Front: run.URL)"),
    ]
    if args.zips:
        problems += packages(args.zips)
    problems = [p for p in problems if p]
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
