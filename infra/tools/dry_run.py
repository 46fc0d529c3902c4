"""Deploys the whole tree to moto, a stand-in for AWS, from the templates and packages that a real deployment takes.

It shows that a first deployment makes what the templates declare, that a second with one function changed updates that one
alone, that a deployment that cannot succeed changes nothing, and that a function reads its secrets from the store. moto knows
no HTTP API, alias, schedule or alarm; those are counted from the translator's output and named at the end.
"""

import argparse
import collections
import contextlib
import hashlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile

import boto3
import samtemplate
import storedsecrets
from botocore.exceptions import BotoCoreError, ClientError

STACK = "fitkit-dry-run"
BUCKET = "fitkit-artefacts"
ROOT = pathlib.Path(__file__).resolve().parents[2]


# What the stand-in can make. References to an alias become its function's, to anything else its logical id.
KNOWN = {
    "AWS::CloudFormation::Stack",
    "AWS::IAM::Role",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::SQS::Queue",
}


NAMED = re.compile(r"\$\{(\w+)(?:\.\w+)?\}")  # a resource in the text of a Sub


def known_part(template):
    kept = {id: r for id, r in template["Resources"].items() if r["Type"] in KNOWN}
    dropped = {id: id for id in template["Resources"] if id not in kept}
    for id, r in template["Resources"].items():
        if r["Type"] == "AWS::Lambda::Alias":
            dropped[id] = r["Properties"]["FunctionName"]

    def clean(node):
        if isinstance(node, list):
            return [clean(n) for n in node]
        if not isinstance(node, dict):
            return node
        if node.get("Ref") in dropped:
            return dropped[node["Ref"]]
        if "Fn::GetAtt" in node and node["Fn::GetAtt"][0] in dropped:
            return dropped[node["Fn::GetAtt"][0]]
        if isinstance(node.get("Fn::Sub"), str):
            return {"Fn::Sub": NAMED.sub(lambda m: dropped.get(m[1], m[0]), node["Fn::Sub"])}
        return {k: clean(v) for k, v in node.items() if k != "DependsOn"}

    return {**template, "Resources": clean(kept), "Outputs": {}}


@contextlib.contextmanager
def stand_in(program):
    """A moto server on a free port, for as long as it is needed."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([program, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


def wait_for(url, server):
    for _ in range(300):
        if server.poll() is not None:
            sys.exit("The stand-in for AWS ended at once: run make dry-run again, which installs it anew.")
        try:
            urllib.request.urlopen(url + "/moto-api/", timeout=1)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit("The stand-in for AWS did not answer within 30 seconds.")


class Cloud:
    """The clients of one account."""

    def __init__(self, endpoint):
        session = boto3.Session(aws_access_key_id="dry", aws_secret_access_key="run", region_name="eu-central-1")
        for name in ("cloudformation", "s3", "lambda", "sqs", "iam", "logs", "ssm"):
            setattr(self, name.replace("lambda", "functions"), session.client(name, endpoint_url=endpoint))
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.uploads = collections.Counter()

    def put(self, body, ending):
        """Uploads under a name made from the content, once."""
        key = hashlib.sha256(body).hexdigest() + ending
        if not self.s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["KeyCount"]:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            self.uploads[ending] += 1
        return key


class Release:
    """The templates of one deployment, packaged and translated."""

    def __init__(self, cloud, zips, values):
        self.cloud, self.zips, self.made = cloud, zips, {}
        self.given = {name: str(value) for name, value in {**samtemplate.stand_ins(samtemplate.read(ROOT / "template.yaml")), **values}.items()}
        self.root = self.translate("template.yaml")

    def code(self, uri):
        zipped = self.zips / (pathlib.PurePath(uri).name + ".zip")
        return f"s3://{BUCKET}/{self.cloud.put(zipped.read_bytes(), '.zip')}"

    def nested(self, file):
        key = self.cloud.put(json.dumps(self.translate(file)).encode(), ".template")
        return f"https://{BUCKET}.s3.eu-central-1.amazonaws.com/{key}"

    def translate(self, file):
        template = samtemplate.packaged(samtemplate.read(ROOT / file), self.code, self.nested)
        self.made[file] = samtemplate.transformed(template)
        return known_part(self.made[file])

    def count(self, kind):
        return sum(r["Type"] == kind for t in self.made.values() for r in t["Resources"].values())

    def deploy(self, create):
        arguments = {
            "StackName": STACK,
            "TemplateBody": json.dumps(self.root),
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.given.items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        }
        return (self.cloud.cloudformation.create_stack if create else self.cloud.cloudformation.update_stack)(**arguments)


def functions(cloud):
    """The deployed functions with the hash of their code."""
    pages = cloud.functions.get_paginator("list_functions").paginate()
    return {f["FunctionName"]: f["CodeSha256"] for page in pages for f in page["Functions"]}


def expect(what, have, want):
    if have != want:
        sys.exit(f"dry run: {what}: {have}, where the templates say {want}")
    print(f"  {what}: {have}")


def first(cloud, release):
    release.deploy(create=True)
    expect("functions", len(functions(cloud)), release.count("AWS::Lambda::Function"))
    expect("queues", len(cloud.sqs.list_queues(QueueNamePrefix=STACK)["QueueUrls"]), release.count("AWS::SQS::Queue"))
    sources = cloud.functions.list_event_source_mappings()["EventSourceMappings"]
    expect("event sources", len(sources), release.count("AWS::Lambda::EventSourceMapping"))
    places = (f"/fitkit/{STACK}/", f"/aws/vendedlogs/fitkit/{STACK}/")
    groups = [g for place in places for g in cloud.logs.describe_log_groups(logGroupNamePrefix=place)["logGroups"]]
    expect("log groups with a retention", sum("retentionInDays" in g for g in groups), release.count("AWS::Logs::LogGroup"))
    for source in sources:
        queue = source["EventSourceArn"].rsplit(":", 1)[1]
        name = source["FunctionArn"].split(":")[6]
        expect(f"reads {queue}", name.replace(f"{STACK}-job-", f"{STACK}-"), queue)


def second(cloud, release, zips, values):
    before = functions(cloud)
    name = sorted(before)[0].removeprefix(STACK + "-")
    with zipfile.ZipFile(zips / f"{name}.zip", "a") as z:
        z.writestr("changed", "x")
    cloud.uploads.clear()
    Release(cloud, zips, values).deploy(create=False)
    after = functions(cloud)
    expect("packages uploaded after one function changed", cloud.uploads[".zip"], 1)
    expect("functions updated", [f.removeprefix(STACK + "-") for f in after if after[f] != before.get(f)], [name])


def refused(cloud, zips, values):
    """A deployment without a value that it needs must be refused before anything changes."""
    before = functions(cloud)
    bad = Release(cloud, zips, values)
    del bad.given["DatabaseUrl"]
    try:
        bad.deploy(create=False)
    except (ClientError, BotoCoreError) as e:
        print(f"  a missing parameter is refused: {e}")
    else:
        sys.exit("dry run: a deployment without DatabaseUrl was accepted")
    expect("functions changed by it", [f for f, code in functions(cloud).items() if before.get(f) != code], [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moto", required=True, help="the program moto_server")
    parser.add_argument("--zips", required=True, type=pathlib.Path, help="a copy of the packages, which is changed")
    parser.add_argument("--function", required=True, help="hook-org-clerk, built for this machine")
    args = parser.parse_args()
    values = {"Stage": "staging", "AllowedOrigins": "https://app.fitkit.example", "NextPublicAppUrl": "https://app.fitkit.example"}
    with stand_in(args.moto) as endpoint:
        cloud = Cloud(endpoint)
        release = Release(cloud, args.zips, values)
        first(cloud, release)
        second(cloud, release, args.zips, values)
        refused(cloud, args.zips, values)
        storedsecrets.check(cloud.ssm, endpoint, args.function)
    kinds = ("AWS::ApiGatewayV2::Route", "AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup", "AWS::Scheduler::Schedule", "AWS::CloudWatch::Alarm")
    print("  translated, and not known to the stand-in: " + ", ".join(f"{release.count(k)} {k.rsplit('::', 1)[1]}" for k in kinds))


if __name__ == "__main__":
    main()
