"""The template as it is written, and as CloudFormation is given it: with the SAM transform expanded."""

import copy
import os
from functools import cache

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

from emulator import REGION, ROOT

TEMPLATE = ROOT / "infra" / "template.yaml"


class NoManagedPolicies:
    """The template names no managed policy by its bare name, so none has to be looked up."""

    def load(self):
        return {}


def written():
    return yaml_parse(TEMPLATE.read_text())


@cache
def _translated():
    template = written()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # Where the code will be; the transform wants to know.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    return transform(template, {}, NoManagedPolicies())


def translated():
    return copy.deepcopy(_translated())


def resources(of_type):
    """The translated template's resources of a type, by logical id."""
    return {name: it for name, it in translated()["Resources"].items() if it["Type"] == of_type}


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(document):
    return listed(document["Statement"])


def own_statements(function):
    """The statements that the template itself gives to a function's role."""
    role = translated()["Resources"][f"{function}Role"]["Properties"]
    return [statement for policy in role.get("Policies", []) for statement in statements(policy["PolicyDocument"])]
