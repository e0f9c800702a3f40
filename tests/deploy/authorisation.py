"""The permissions that a call needs: actions and resources, as AWS checks them against the caller's policies."""

import json
import re
from fnmatch import fnmatchcase
from urllib.parse import parse_qs

ACCOUNT = "000000000000"

# The action that authorises each part of a transaction.
TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}

# Operations that another action authorises.
AUTHORISED_AS = {"sqs:SendMessageBatch": "sqs:SendMessage"}

# Actions whose call has no resource that a policy could name, each with the reason. The need of such a call has the
# resource `*`.
ACTIONS_WITHOUT_RESOURCE = {
    "sns:Publish": "a phone number is no resource; a topic is one, and the need names it",
    "sms-voice:DescribePhoneNumbers": "it lists all numbers of the account",
    "sms-voice:CarrierLookup": "a customer's phone number is no resource",
}


def needs_of(service, region, command, path, headers, body, answer):
    """Returns the (action, resource) pairs that policies must allow for a request."""
    target = headers.get("X-Amz-Target")
    if "/@connections/" in path:
        found = [("ManageConnections", connection_resource(command, path))]
    elif target:
        found = NEEDS_BY_SERVICE.get(service, unknown_needs)(target.split(".")[-1], json.loads(body), answer)
    else:
        request = parse_qs(body.decode(errors="replace"))
        operation = request.get("Action", [f"{headers.get('Host')} {path}"])[0]
        found = [(operation, request["TopicArn"][0])] if "TopicArn" in request else unknown_needs(operation)
    needs = set()
    for operation, resource in found:
        action = AUTHORISED_AS.get(f"{service}:{operation}", f"{service}:{operation}")
        if not resource.startswith("arn:"):
            resource = "*" if action in ACTIONS_WITHOUT_RESOURCE else f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"
        needs.add((action, resource))
    return tuple(sorted(needs))


def connection_resource(command, path):
    """Returns the resource of a request to `@connections`: API, stage, method and connection."""
    api, stage, connection = path.removeprefix("/_aws/execute-api/").split("/", 2)
    return f"{api}/{stage}/{command}/{connection}"


def dynamodb_needs(operation, request, _):
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for part in request["TransactItems"]:
            for kind, one in part.items():
                yield TRANSACTION_ACTIONS[kind], f"table/{one['TableName']}"
    elif "RequestItems" in request:
        for table in request["RequestItems"]:
            yield operation, f"table/{table}"
    else:
        index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
        yield operation, f"table/{request['TableName']}{index}"


def leading_keys(target, body):
    """Returns the partition keys of a request to the table (`dynamodb:LeadingKeys`). Keys of batch requests are not
    included."""
    if not (target or "").startswith("DynamoDB_"):
        return frozenset()
    request = json.loads(body)
    parts = [one for part in request.get("TransactItems", []) for one in part.values()] or [request]
    keys = {place["pk"]["S"] for part in parts for name in ("Key", "Item") if (place := part.get(name))}
    if condition := request.get("KeyConditionExpression"):
        value = re.search(r"pk = (:\w+)", condition).group(1)
        keys.add(request["ExpressionAttributeValues"][value]["S"])
    return frozenset(keys)


def sqs_needs(operation, request, _):
    yield operation, request["QueueUrl"].rsplit("/", 1)[-1]


def secrets_manager_needs(operation, request, answer):
    # The ARN ends in six random characters. A request by name does not have them; the response does.
    yield operation, json.loads(answer).get("ARN") or request["SecretId"]


def sms_service_needs(operation, request, _):
    if operation == "SendTextMessage":
        yield operation, f"configuration-set/{request['ConfigurationSetName']}"
        yield operation, origin_resource(request["OriginationIdentity"])
    else:
        yield from unknown_needs(operation)


def origin_resource(identity):
    """Returns the origination identity's part of an ARN: a pool, or a phone number with its id (adaptation 4)."""
    return f"pool/{identity}" if identity.startswith("pool-") else f"phone-number/phone-{identity.removeprefix('+')}"


def unknown_needs(operation, *_):
    # No policy names this resource. A call in `ACTIONS_WITHOUT_RESOURCE` matches by its action.
    yield operation, "unknown"


NEEDS_BY_SERVICE = {"dynamodb": dynamodb_needs, "sqs": sqs_needs, "secretsmanager": secrets_manager_needs, "sms-voice": sms_service_needs}


def covers(granted, need):
    """Returns whether a granted (action, resource pattern) allows what a call needs."""
    (action, pattern), (needed, resource) = granted, need
    return AUTHORISED_AS.get(action, action) == needed and fnmatchcase(resource, pattern)


def as_list(value):
    """Returns a value as a list: policies may write a single value without one."""
    return value if isinstance(value, list) else [value]
