"""The permissions that a call needs: actions and resources, as AWS checks them against the caller's policies."""

import json
import re
from fnmatch import fnmatchcase
from urllib.parse import parse_qs

ACCOUNT = "000000000000"

# The action that authorises each part of a transaction.
IN_A_TRANSACTION = {
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
OF_NO_RESOURCE = {
    "sns:Publish": "a phone number is none; a topic is one, and is named",
    "sms-voice:DescribePhoneNumbers": "it is asked for all of the account's numbers",
    "sms-voice:CarrierLookup": "it is asked of anybody's phone number",
}


def needs_of(service, region, command, path, headers, body, answer):
    """Returns the (action, resource) pairs that policies must allow for a request."""
    target = headers.get("X-Amz-Target")
    if "/@connections/" in path:
        found = [("ManageConnections", connection(command, path))]
    elif target:
        found = OF_SERVICE.get(service, of_another)(target.split(".")[-1], json.loads(body), answer)
    else:
        asked = parse_qs(body.decode(errors="replace"))
        operation = asked.get("Action", [f"{headers.get('Host')} {path}"])[0]
        found = [(operation, asked["TopicArn"][0])] if "TopicArn" in asked else of_another(operation)
    needs = set()
    for operation, resource in found:
        action = AUTHORISED_AS.get(f"{service}:{operation}", f"{service}:{operation}")
        if not resource.startswith("arn:"):
            resource = "*" if action in OF_NO_RESOURCE else f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"
        needs.add((action, resource))
    return tuple(sorted(needs))


def connection(command, path):
    """Returns the resource of a request to `@connections`: API, stage, method and connection."""
    api, stage, connection = path.removeprefix("/_aws/execute-api/").split("/", 2)
    return f"{api}/{stage}/{command}/{connection}"


def of_dynamodb(operation, asked, _):
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for part in asked["TransactItems"]:
            for kind, one in part.items():
                yield IN_A_TRANSACTION[kind], f"table/{one['TableName']}"
    elif "RequestItems" in asked:
        for table in asked["RequestItems"]:
            yield operation, f"table/{table}"
    else:
        index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
        yield operation, f"table/{asked['TableName']}{index}"


def leading_keys(target, body):
    """Returns the partition keys of a request to the table (`dynamodb:LeadingKeys`). Keys of batch requests are not
    included."""
    if not (target or "").startswith("DynamoDB_"):
        return frozenset()
    asked = json.loads(body)
    parts = [one for part in asked.get("TransactItems", []) for one in part.values()] or [asked]
    keys = {place["pk"]["S"] for part in parts for name in ("Key", "Item") if (place := part.get(name))}
    if condition := asked.get("KeyConditionExpression"):
        value = re.search(r"pk = (:\w+)", condition).group(1)
        keys.add(asked["ExpressionAttributeValues"][value]["S"])
    return frozenset(keys)


def of_sqs(operation, asked, _):
    yield operation, asked["QueueUrl"].rsplit("/", 1)[-1]


def of_secrets_manager(operation, asked, answer):
    # The ARN ends in six random characters. A request by name does not have them; the response does.
    yield operation, json.loads(answer).get("ARN") or asked["SecretId"]


def of_the_sms_service(operation, asked, _):
    if operation == "SendTextMessage":
        yield operation, f"configuration-set/{asked['ConfigurationSetName']}"
        yield operation, origin(asked["OriginationIdentity"])
    else:
        yield from of_another(operation)


def origin(identity):
    """Returns the origination identity's part of an ARN: a pool, or a phone number with its id (adaptation 4)."""
    return f"pool/{identity}" if identity.startswith("pool-") else f"phone-number/phone-{identity.removeprefix('+')}"


def of_another(operation, *_):
    # No policy names this resource. A call in `OF_NO_RESOURCE` matches by its action.
    yield operation, "unknown"


OF_SERVICE = {"dynamodb": of_dynamodb, "sqs": of_sqs, "secretsmanager": of_secrets_manager, "sms-voice": of_the_sms_service}


def covers(granted, need):
    """Returns whether a granted (action, resource pattern) allows what a call needs."""
    (action, pattern), (needed, resource) = granted, need
    return AUTHORISED_AS.get(action, action) == needed and fnmatchcase(resource, pattern)


def listed(value):
    """Returns a value as a list: policies may write a single value without one."""
    return value if isinstance(value, list) else [value]
