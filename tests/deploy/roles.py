"""Compares what the roles of a stack's functions grant with the calls that the functions make."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field

from adaptations import resolve
from authorisation import AUTHORISED_AS, as_list, covers
from recorder import access_key
from template import granted_statements

# The actions of Lambda's event source mappings. Lambda uses the function's role for them; MiniStack does not.
QUEUE_READER_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAM_READER_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")


@dataclass(frozen=True)
class Grant:
    """An action on a resource, which is named as in the template."""

    action: str
    name: str
    template_value: object = field(compare=False, repr=False)

    def resolved(self, stack):
        """Returns the (action, resource) pair, with the resource's name in a stack."""
        return self.action, resolve(self.template_value, stack.resolve_reference)


def grants_of(function, settings):
    """Yields every grant of the template to a function, for these values of parameters."""
    for statement in granted_statements(function, settings):
        if statement["Effect"] == "Allow":
            for action in as_list(statement["Action"]):
                for resource in resources_of(statement["Resource"], settings):
                    yield Grant(action, short_name(resource), resource)


def resources_of(resources, settings):
    if isinstance(resources, dict) and "Fn::Split" in resources:
        separator, parameter = resources["Fn::Split"]
        return settings[parameter["Ref"]].split(separator)
    return as_list(resources)


def short_name(resource):
    """Returns a resource's name without region and account, such as `Table/index/recent`."""
    name = resolve(resource, lambda logical, _: logical.split("::")[-1])
    return name.split(":", 5)[-1]


def calls_of(stack, function):
    configuration = stack.function(function)
    key = access_key(configuration["FunctionArn"], configuration["Role"])
    return [call for call in stack.emulator.recorder.calls if call.key == key]


def assert_grants_match_calls(stack, function, settings, unrecorded, since=0):
    """Asserts that the function's calls after the first `since` use each grant, and nothing else.

    `unrecorded` has the grants whose use cannot be recorded.
    """
    grants, used = list(grants_of(function, settings)), {need for call in calls_of(stack, function)[since:] for need in call.needs}
    beyond = {need for need in used if not any(covers(grant.resolved(stack), need) for grant in grants)}
    assert not beyond, f"called, but not granted: {sorted(beyond)}"
    idle = {(grant.action, grant.name) for grant in grants if not any(covers(grant.resolved(stack), need) for need in used)}
    assert idle == unrecorded, f"granted, but not called: {sorted(idle - unrecorded)}; listed as unrecorded, but called: {sorted(unrecorded - idle)}"


@contextmanager
def revoked(stack, function, grant):
    """Removes one grant from a function's role until the end of the block."""
    iam, role = stack.emulator.client("iam"), stack.ids[f"{function}Role"]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    left = {name: document | {"Statement": list(statements_without(document["Statement"], *grant.resolved(stack)))} for name, document in policies.items()}
    assert left != policies, f"no deployed policy has {grant}"
    try:
        for name, document in left.items():
            put_policy(iam, role, name, document)
        yield
    finally:
        for name, document in policies.items():
            put_policy(iam, role, name, document)


def statements_without(statements, action, resource):
    for statement in as_list(statements):
        actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
        meant = [it for it in actions if AUTHORISED_AS.get(it, it) == action]
        if statement["Effect"] == "Deny" or not meant or resource not in resources:
            yield statement
            continue
        if others := [it for it in actions if it not in meant]:
            yield statement | {"Action": others}
        if others := [it for it in resources if it != resource]:
            yield statement | {"Action": meant, "Resource": others}


def put_policy(iam, role, name, document):
    if document["Statement"]:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    else:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
