"""The template as it is written, and as CloudFormation is given it: with the SAM transform expanded."""

import copy
import os
from functools import cache

from cfnlint.helpers import REGIONS
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

from authorisation import listed
from emulator import REGION, ROOT

TEMPLATE = ROOT / "infra" / "template.yaml"


class NoManagedPolicies:
    """The template names no managed policy by its bare name, so none has to be looked up."""

    def load(self):
        return {}


def written():
    return yaml_parse(TEMPLATE.read_text())


def functions():
    """The binary that each function is, by its logical id."""
    resources = written()["Resources"].items()
    serverless = {name: it["Properties"] for name, it in resources if it["Type"] == "AWS::Serverless::Function"}
    return {name: it["CodeUri"].rsplit("/", 1)[-1] for name, it in serverless.items()}


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
    "GET /api/sign-out/issuer": "whoever has just signed out has none any more",
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


def statements(document, where=None):
    return list(chosen(listed(document["Statement"]), where))


def policies(role, where=None):
    """A role's own policies."""
    return chosen(role["Properties"].get("Policies", []), where)


def chosen(values, where):
    """Where a condition chooses, the one that is chosen `where` parameters have some value, and the others their default; or both."""
    for value in values:
        if "Fn::If" not in value:
            yield value
        elif where is None:
            yield from value["Fn::If"][1:]
        else:
            condition, yes, no = value["Fn::If"]
            yield yes if holds(condition, where) else no


def holds(condition, where):
    """A condition by its name, or by its own words."""
    if isinstance(condition, str):
        condition = translated()["Conditions"][condition]
    (function, of), = condition.items()
    if function == "Condition":
        return holds(of, where)
    if function == "Fn::Not":
        return not holds(of[0], where)
    if function == "Fn::And":
        return all(holds(it, where) for it in of)
    parameters = translated()["Parameters"]
    # What is written as a number is a string to CloudFormation.
    value = lambda it: str(where[it["Ref"]] if it["Ref"] in where else parameters[it["Ref"]]["Default"]) if isinstance(it, dict) else it
    one, other = of
    if function == "Fn::Contains":
        return value(other) in one
    assert function == "Fn::Equals", function
    return value(one) == value(other)


def granting(function, where):
    """The statements that the template by itself gives to a function's role, where parameters have some value."""
    role = f"{function}Role"
    documents = [policy["PolicyDocument"] for policy in policies(translated()["Resources"][role], where)]
    for policy in resources("AWS::IAM::RolePolicy").values():
        if policy["Properties"]["RoleName"] == {"Ref": role} and holds(policy["Condition"], where):
            documents += [it for it in chosen([policy["Properties"]["PolicyDocument"]], where)]
    return [statement for document in documents for statement in statements(document, where)]


def refused_regions():
    (assertion,) = translated()["Rules"]["RegionWithTheServices"]["Assertions"]
    refused, asked = assertion["Assert"]["Fn::Not"][0]["Fn::Contains"]
    assert asked == {"Ref": "AWS::Region"}
    return refused


# Of AWS's partitions for others than the public, which cfn-lint knows and nobody here can try.
ELSEWHERE = ("us-iso", "eu-iso", "eusc")


def admitted_regions():
    return {it for it in set(REGIONS) - set(refused_regions()) if not it.startswith(ELSEWHERE)}
