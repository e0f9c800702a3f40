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


# Every other route asks the authorizer first. Each here says why it cannot.
OPEN_ROUTES = {
    "GET /api/sign-in": "whoever has no session begins here",
    "GET /api/sign-in/callback": "and comes back here from the issuer, still without one",
}


def routes():
    """The routes of the HTTP API, by method and path."""
    document = resources("AWS::ApiGatewayV2::Api")["Api"]["Properties"]["Body"]
    return {
        f"{method.upper()} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(document, by_default=False):
    return list(chosen(listed(document["Statement"]), by_default))


def policies(role, by_default=False):
    """A role's own policies."""
    return chosen(role["Properties"].get("Policies", []), by_default)


def chosen(values, by_default):
    """Where a condition chooses, both, or the one that is chosen where every parameter has its default."""
    for value in values:
        if "Fn::If" not in value:
            yield value
            continue
        condition, yes, no = value["Fn::If"]
        if not by_default:
            yield from (yes, no)
        else:
            yield yes if holds_by_default(translated()["Conditions"][condition]) else no


def holds_by_default(condition):
    (function, of), = condition.items()
    if function == "Fn::Not":
        return not holds_by_default(of[0])
    assert function == "Fn::Equals", function
    parameters = translated()["Parameters"]
    one, other = (parameters[it["Ref"]]["Default"] if isinstance(it, dict) else it for it in of)
    return one == other


def own_statements(function):
    """The statements that the template by itself gives to a function's role."""
    role = translated()["Resources"][f"{function}Role"]
    return [statement for policy in policies(role, by_default=True) for statement in statements(policy["PolicyDocument"], by_default=True)]
