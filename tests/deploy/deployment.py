"""The template, built and deployed to the emulator with the commands for AWS: `sam build` and `sam deploy`."""

import json
import os
import platform
import subprocess
import time
from functools import cached_property
from pathlib import Path

import requests

from adaptations import create_routes, point_origin_to_api, set_live_endpoint, write_adapted_template
from authorisation import ACCOUNT
from emulator import REGION, ROOT, TOOLS
from template import resources, translated

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
# `run` uses two builds at the same time.
BUILT_TEMPLATE = Path(os.environ.get("SAM_BUILD_DIR", ROOT / "target" / "sam" / "build")) / "template.yaml"
PARAMETERS = {"Architecture": ARCHITECTURE}
# The header that CloudFront adds to its requests to the API.
ORIGIN_SECRET = "X-Origin-Secret"


def sam(environment, *arguments, timeout=600):
    """Runs `sam`. Returns whether it succeeded, and what it wrote to stdout and stderr."""
    command = [TOOLS / "sam" / "bin" / "sam", *arguments]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout
    )
    return ran.returncode == 0, ran.stdout


def sam_deploy(emulator, stack, parameters, built=BUILT_TEMPLATE):
    template = write_adapted_template(built)
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    return sam(
        emulator.environment(), "deploy", "--config-file", str(ROOT / "samconfig.toml"), "--template-file", str(template), "--stack-name", stack,
        "--config-env", "prod", "--no-confirm-changeset", "--no-progressbar", "--parameter-overrides", *overrides,
    )


class Deployment:
    def __init__(self, emulator, name="switchboard", **parameters):
        self.emulator = emulator
        self.name = name
        self.parameters = PARAMETERS | parameters
        self.cloudformation = emulator.client("cloudformation")
        self.deploy()

    def deploy(self, built=BUILT_TEMPLATE, **parameters):
        succeeded, said = sam_deploy(self.emulator, self.name, self.parameters | parameters, built)
        assert succeeded, said
        for attribute in ("ids", "outputs"):
            self.__dict__.pop(attribute, None)
        self.adapt()

    def adapt(self):
        gateway = self.emulator.client("apigatewayv2")
        for name, api in resources("AWS::ApiGatewayV2::Api").items():
            if api["Properties"].get("Body"):
                create_routes(gateway, self.ids[name], api["Properties"]["Body"], self.resolve_reference)
        cloudfront = self.emulator.client("cloudfront")
        point_origin_to_api(cloudfront, self.outputs["DistributionId"], self.ids["Api"], self.emulator.port)
        # Through the recorder, like every other call of the functions.
        address = f"{self.emulator.recorder.url}{self.socket_path}"
        set_live_endpoint(self.emulator.client("lambda"), [self.ids[it] for it in ("LiveConnection", "LiveUpdates")], address)

    @property
    def socket_path(self):
        """The path of the WebSocket API in the emulator. `@connections` is below it."""
        return f"/_aws/execute-api/{self.ids['LiveApi']}/live"

    @cached_property
    def ids(self):
        """The physical id of each resource, by logical id."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {it["LogicalResourceId"]: it["PhysicalResourceId"] for page in pages for it in page["StackResourceSummaries"]}

    @cached_property
    def outputs(self):
        stack = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def resolve_reference(self, name, attribute):
        """Returns the value of `Ref` or `GetAtt`. Covers the resources that the OpenAPI document and the roles use."""
        pseudo = {"AWS::Region": REGION, "AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::StackName": self.name}
        if name in pseudo:
            return pseudo[name]
        if attribute is None:
            return self.ids[name]
        kind, identity = translated()["Resources"][name]["Type"], self.ids[name]
        if (kind, attribute) == ("AWS::SecretsManager::Secret", "Id"):
            return self.emulator.client("secretsmanager").describe_secret(SecretId=identity)["ARN"]
        assert attribute == "Arn", f"{name}.{attribute} is not supported here"
        place = f"{REGION}:{ACCOUNT}"
        return {
            "AWS::Lambda::Function": f"arn:aws:lambda:{place}:function:{identity}",
            "AWS::KMS::Key": f"arn:aws:kms:{place}:key/{identity}",
            "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{place}:table/{identity}",
            # The id of a queue is its URL.
            "AWS::SQS::Queue": f"arn:aws:sqs:{place}:{identity.rsplit('/', 1)[-1]}",
        }[kind]

    def function(self, name):
        return self.emulator.client("lambda").get_function_configuration(FunctionName=self.ids[name])

    def restart_function(self, name):
        """Makes the next call of a function start a new instance, without caches."""
        client = self.emulator.client("lambda")
        variables = client.get_function_configuration(FunctionName=self.ids[name])["Environment"]["Variables"]
        variables["COLD_SINCE"] = str(time.time())
        client.update_function_configuration(FunctionName=self.ids[name], Environment={"Variables": variables})

    @property
    def origin_secret(self):
        """The value of the origin secret, which CloudFront sends to the functions, as it is stored now."""
        found = self.emulator.client("secretsmanager").get_secret_value(SecretId=self.outputs["OriginSecret"])
        return json.loads(found["SecretString"])

    @origin_secret.setter
    def origin_secret(self, secret):
        self.emulator.client("secretsmanager").put_secret_value(SecretId=self.outputs["OriginSecret"], SecretString=json.dumps(secret))

    def function_names(self):
        return list(resources("AWS::Lambda::Function"))

    def request(self, path, method="GET", headers=None, **options):
        """Sends a request to the portal's address, as a browser does."""
        # See adaptation 5.
        named = {"Host": self.outputs["PortalHost"], "X-Forwarded-Proto": "https"} | (headers or {})
        url = f"{self.emulator.url}{path}"
        return requests.request(method, url, headers=named, timeout=60, allow_redirects=False, **options)

    def bypass_cloudfront(self, path, method="GET", secret=None, headers=None, **options):
        """Sends a request to the API's own address, past CloudFront. With `secret`, it carries that origin secret."""
        said = (headers or {}) | ({ORIGIN_SECRET: secret} if secret else {})
        url = f"{self.emulator.url}/_aws/execute-api/{self.ids['Api']}{path}"
        return requests.request(method, url, headers=said, timeout=60, allow_redirects=False, **options)

    def publish(self):
        """Runs `infra/publish`, as the operator who deploys does."""
        environment = self.emulator.environment()
        environment["PATH"] = f"{TOOLS / 'sam' / 'bin'}:{environment['PATH']}"
        ran = subprocess.run(
            [ROOT / "infra" / "publish", self.name], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert ran.returncode == 0, ran.stdout
        return ran.stdout

    def create_push_keys(self):
        """Creates the VAPID keys with the operators' command. This is done once for a stack."""
        contact = ["--contact", "mailto:it@example.com"]
        command = [ROOT / "target" / "debug" / "switchboard-admin", "--stack", self.name, "push-keys", "create", *contact]
        ran = subprocess.run(command, cwd=ROOT, env=self.emulator.environment(), text=True, capture_output=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def invoke(self, name, event):
        answer = self.emulator.client("lambda").invoke(FunctionName=self.ids[name], Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload
