"""Compares what the roles of a stack's functions grant with the calls that the functions make."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field

from adaptations import resolve
from authorisation import AUTHORISED_AS, covers, listed
from recorder import access_key
from template import granting

# The actions of Lambda's event source mappings. Lambda uses the function's role for them; MiniStack does not.
READS_A_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
READS_A_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")


@dataclass(frozen=True)
class Grant:
    """An action on a resource, which is named as in the template."""

    action: str
    name: str
    written: object = field(compare=False, repr=False)

    def of(self, stack):
        """Returns the (action, resource) pair, with the resource's name in a stack."""
        return self.action, resolve(self.written, stack.reference)


def granted(function, where):
    """Yields every grant of the template to a function, for these values of parameters."""
    for statement in granting(function, where):
        if statement["Effect"] == "Allow":
            for action in listed(statement["Action"]):
                for resource in each(statement["Resource"], where):
                    yield Grant(action, name_of(resource), resource)


def each(resources, where):
    if isinstance(resources, dict) and "Fn::Split" in resources:
        separator, parameter = resources["Fn::Split"]
        return where[parameter["Ref"]].split(separator)
    return listed(resources)


def name_of(resource):
    """Returns a resource's name without region and account, such as `Table/index/recent`."""
    name = resolve(resource, lambda logical, _: logical.split("::")[-1])
    return name.split(":", 5)[-1]


def calls_of(stack, function):
    configuration = stack.function(function)
    key = access_key(configuration["FunctionArn"], configuration["Role"])
    return [call for call in stack.emulator.recorder.calls if call.key == key]


def assert_no_less_and_no_more(stack, function, where, unseen, since=0):
    """Asserts that the function's calls after the first `since` use each grant, and nothing else.

    `unseen` has the grants whose use cannot be recorded.
    """
    grants, used = list(granted(function, where)), {need for call in calls_of(stack, function)[since:] for need in call.needs}
    beyond = {need for need in used if not any(covers(grant.of(stack), need) for grant in grants)}
    assert not beyond, f"what is called and not granted: {sorted(beyond)}"
    idle = {(grant.action, grant.name) for grant in grants if not any(covers(grant.of(stack), need) for need in used)}
    assert idle == unseen, f"what is granted and not used: {sorted(idle - unseen)}; what is excused and used: {sorted(unseen - idle)}"


@contextmanager
def taken_away(stack, function, grant):
    """Removes one grant from a function's role until the end of the block."""
    iam, role = stack.emulator.client("iam"), stack.ids[f"{function}Role"]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    left = {name: document | {"Statement": list(without(document["Statement"], *grant.of(stack)))} for name, document in policies.items()}
    assert left != policies, f"{grant} is in no deployed policy"
    try:
        for name, document in left.items():
            put(iam, role, name, document)
        yield
    finally:
        for name, document in policies.items():
            put(iam, role, name, document)


def without(statements, action, resource):
    for statement in listed(statements):
        actions, resources = listed(statement["Action"]), listed(statement["Resource"])
        meant = [it for it in actions if AUTHORISED_AS.get(it, it) == action]
        if statement["Effect"] == "Deny" or not meant or resource not in resources:
            yield statement
            continue
        if others := [it for it in actions if it not in meant]:
            yield statement | {"Action": others}
        if others := [it for it in resources if it != resource]:
            yield statement | {"Action": meant, "Resource": others}


def put(iam, role, name, document):
    if document["Statement"]:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    else:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
