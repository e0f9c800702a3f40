"""The template as written, and as CloudFormation gets it: with the SAM transform expanded."""

import copy
import os
from functools import cache

from cfnlint.helpers import REGIONS
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

from authorisation import as_list
from emulator import REGION, ROOT

TEMPLATE = ROOT / "infra" / "template.yaml"


class NoManagedPolicies:
    """A loader without policies: the template has no managed policy by its bare name, so none is looked up."""

    def load(self):
        return {}


def source_template():
    return yaml_parse(TEMPLATE.read_text())


def function_binaries():
    """Returns the binary of each function, by logical id."""
    resources = source_template()["Resources"].items()
    serverless = {name: it["Properties"] for name, it in resources if it["Type"] == "AWS::Serverless::Function"}
    return {name: it["CodeUri"].rsplit("/", 1)[-1] for name, it in serverless.items()}


@cache
def _translated():
    template = source_template()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # A place for the code, which the transform requires.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    return transform(template, {}, NoManagedPolicies())


def translated():
    return copy.deepcopy(_translated())


def resources(of_type):
    """Returns the translated template's resources of a type, by logical id."""
    return {name: it for name, it in translated()["Resources"].items() if it["Type"] == of_type}


# The routes without the authorizer, each with the reason.
OPEN_ROUTES = {
    "GET /api/sign-in": "the sign-in starts here, before there is a session",
    "GET /api/sign-out/issuer": "there is no session after the sign-out",
    "GET /api/sign-in/callback": "the issuer redirects here, before there is a session",
}


def routes():
    """Returns the routes of the HTTP API, by method and path."""
    document = resources("AWS::ApiGatewayV2::Api")["Api"]["Properties"]["Body"]
    return {
        f"{method.upper()} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def statements(document, settings=None):
    return list(choose_branches(as_list(document["Statement"]), settings))


def policies(role, settings=None):
    """Returns a role's inline policies."""
    return choose_branches(role["Properties"].get("Policies", []), settings)


def choose_branches(values, settings):
    """Yields the values, with the chosen branch of each `Fn::If`.

    Parameters that `settings` does not list have their defaults. Without `settings`, both branches are yielded.
    """
    for value in values:
        if "Fn::If" not in value:
            yield value
        elif settings is None:
            yield from value["Fn::If"][1:]
        else:
            condition, yes, no = value["Fn::If"]
            yield yes if condition_holds(condition, settings) else no


def condition_holds(condition, settings):
    """Returns whether a condition holds. `condition` is a name or an expression."""
    if isinstance(condition, str):
        condition = translated()["Conditions"][condition]
    (function, of), = condition.items()
    if function == "Condition":
        return condition_holds(of, settings)
    if function == "Fn::Not":
        return not condition_holds(of[0], settings)
    if function == "Fn::And":
        return all(condition_holds(it, settings) for it in of)
    parameters = translated()["Parameters"]
    # CloudFormation treats a parameter of type Number as a string.
    value = lambda it: str(settings[it["Ref"]] if it["Ref"] in settings else parameters[it["Ref"]]["Default"]) if isinstance(it, dict) else it
    one, other = of
    if function == "Fn::Contains":
        return value(other) in one
    assert function == "Fn::Equals", function
    return value(one) == value(other)


def granted_statements(function, settings):
    """Returns the statements that the template gives to a function's role, for these values of parameters."""
    role = f"{function}Role"
    documents = [policy["PolicyDocument"] for policy in policies(translated()["Resources"][role], settings)]
    for policy in resources("AWS::IAM::RolePolicy").values():
        if policy["Properties"]["RoleName"] == {"Ref": role} and condition_holds(policy["Condition"], settings):
            documents += [it for it in choose_branches([policy["Properties"]["PolicyDocument"]], settings)]
    return [statement for document in documents for statement in statements(document, settings)]


def refused_regions():
    (assertion,) = translated()["Rules"]["RegionWithTheServices"]["Assertions"]
    refused, asked = assertion["Assert"]["Fn::Not"][0]["Fn::Contains"]
    assert asked == {"Ref": "AWS::Region"}
    return refused


# The AWS partitions that the public has no access to. cfn-lint lists them; we cannot test in them.
UNTESTED_PARTITIONS = ("us-iso", "eu-iso", "eusc")


def supported_regions():
    return {it for it in set(REGIONS) - set(refused_regions()) if not it.startswith(UNTESTED_PARTITIONS)}
