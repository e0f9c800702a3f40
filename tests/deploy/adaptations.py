"""The differences between MiniStack and AWS, and how the tests adapt to them.

Only this file adapts anything, and it says why. The template is deployed as it was built, except for what
MiniStack cannot create:

0. These resources are left out: alarms on several metrics (metric math), the branding of Cognito's sign-in page, the
   response of a WebSocket's route, the configuration set of the SMS service, and everything of Amazon Connect.
   test_template.py asserts the alarms, the set and the response. MiniStack works without the response.
   A user pool's `ProviderURL` is spelled out.

   A role's policy that is a resource of its own (`AWS::IAM::RolePolicy`) is written as `AWS::IAM::Policy`, which has
   the same effect on the role.

   MiniStack authorises `SendMessageBatch` under that name. Amazon SQS has `sqs:SendMessage` only. A role that is
   allowed `sqs:SendMessage` is therefore allowed both.

Some deployed resources are changed after the deployment. The values come from the translated template, so the tests
see what AWS would be given:

1. The routes of the HTTP API. SAM makes an OpenAPI document of an `AWS::Serverless::HttpApi`. MiniStack accepts the
   document and keeps none of its routes. The tests create them through the API, from that document.
2. The API behind CloudFront. MiniStack does not connect to an origin on AWS's own host name (`execute-api`). The tests
   point the distribution's origin to MiniStack's own address of that API. They use HTTP because there is no
   certificate. MiniStack's CloudFront takes no WebSockets: the tests open those at the API's own address.
3. The endpoint of `@connections`, for the same reason: the functions get MiniStack's own address of it.

The tests answer for a service that MiniStack does not have:

4. End User Messaging (`sms-voice`). A stand-in between the functions and MiniStack answers. It requires that the
   caller's role allows the call, as MiniStack does for its own services.
   `CarrierLookup` answers by the last digits of the number.
   `DescribePhoneNumbers` answers the numbers that a test has given to the account.
   `SendTextMessage` puts the message into the outbox of MiniStack's SNS. A test publishes its delivery receipts.
   The id of a phone number is `phone-` and its digits.
   The stand-in answers once a connection: a second request on the same connection finds it closed.

The tests call MiniStack differently, because there is no DNS and there are no certificates:

5. Requests to CloudFront carry its name in the `Host` header, and `X-Forwarded-Proto: https` as if TLS had ended
   before it. The tests store and send `Secure` cookies themselves.
6. `StartMessageMoveTask` does not exist. A redrive receives from the dead-letter queue and sends the same body to the
   queue.
7. A record that failed is retried after the queue's visibility timeout, 150 s. After the fifth attempt it moves to the
   dead-letter queue: some 12 minutes. While a test waits for that, the timeout is 1 s.
8. The AWS CLI in sam's environment, version 1, calls SQS at an address of its own and ignores `AWS_ENDPOINT_URL`. An
   option gives it the address (`Emulator.aws`).

Functions also call servers outside AWS. These run on this machine as well, on a network without a route to any other:

9. The push service has the host name of a service that browsers use, and a public address. What a function checks
   before it sends is therefore as deployed. The tests cannot have a certificate of a public authority: functions trust
   an authority of the tests' own (`SSL_CERT_FILE`), and no other.
"""

import json
import os
import re
import time
from contextlib import contextmanager
from itertools import product

from authorisation import as_list, covers
from recorder import access_key

from samcli.yamlhelper import yaml_dump, yaml_parse

METHODS = {"get", "post", "put", "delete", "patch", "head", "options", "x-amazon-apigateway-any-method"}


def write_adapted_template(built):
    """Writes the built template without what MiniStack cannot create (adaptation 0).

    The new file is in the folder of the built template, because paths in it are relative. Returns its path.
    """
    spelled_out = "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}"
    template = yaml_parse(built.read_text().replace("${UserPool.ProviderURL}", spelled_out))
    for name, resource in list(template["Resources"].items()):
        metric_math = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
        left_out = (
            "AWS::Cognito::ManagedLoginBranding", "AWS::Connect::IntegrationAssociation", "AWS::ApiGatewayV2::RouteResponse",
            "AWS::SMSVOICE::ConfigurationSet",
        )
        if metric_math or resource["Type"] in left_out:
            del template["Resources"][name]
        if resource["Type"] == "AWS::IAM::RolePolicy":
            resource["Type"] = "AWS::IAM::Policy"
            resource["Properties"]["Roles"] = [resource["Properties"].pop("RoleName")]
        for policy in resource.get("Properties", {}).get("Policies") or []:
            # A managed policy is a string.
            for statement in policy.get("Statement", []) if isinstance(policy, dict) else []:
                if statement["Action"] == "sqs:SendMessage":
                    statement["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
    # Two runs of the tests may deploy at the same time.
    adapted = built.with_name(f"deployable-{os.getpid()}.yaml")
    adapted.write_text(yaml_dump(template))
    return adapted


def resolve(value, references):
    """Replaces the intrinsic functions of an OpenAPI document with their values."""
    if isinstance(value, list):
        return [resolve(item, references) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return references(value["Ref"], None)
    if set(value) == {"Fn::GetAtt"}:
        return references(*value["Fn::GetAtt"])
    if set(value) == {"Fn::Sub"}:
        text, own = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
        own = resolve(own, references)

        def replaced(match):
            name, _, attribute = match.group(1).partition(".")
            return own[name] if name in own else references(name, attribute or None)

        return re.sub(r"\$\{([^!}]+)\}", replaced, text)
    if set(value) == {"Fn::Split"}:
        separator, text = value["Fn::Split"]
        return resolve(text, references).split(separator)
    if set(value) == {"Fn::Select"}:
        index, of = value["Fn::Select"]
        return resolve(of, references)[int(index)]
    return {key: resolve(item, references) for key, item in value.items()}


def create_routes(gateway, api_id, document, references):
    """Creates the routes of the HTTP API (adaptation 1). Replaces those that an earlier call created."""
    document = resolve(document, references)
    for route in gateway.get_routes(ApiId=api_id)["Items"]:
        gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api_id)["Items"]:
        gateway.delete_integration(ApiId=api_id, IntegrationId=integration["IntegrationId"])
    for authorizer in gateway.get_authorizers(ApiId=api_id)["Items"]:
        gateway.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer["AuthorizerId"])

    authorizers = {}
    for name, scheme in document.get("components", {}).get("securitySchemes", {}).items():
        how = scheme["x-amazon-apigateway-authorizer"]
        authorizers[name] = gateway.create_authorizer(
            ApiId=api_id,
            Name=name,
            AuthorizerType="REQUEST",
            AuthorizerUri=how["authorizerUri"],
            AuthorizerPayloadFormatVersion=how["authorizerPayloadFormatVersion"],
            AuthorizerResultTtlInSeconds=how.get("authorizerResultTtlInSeconds", 0),
            EnableSimpleResponses=how["enableSimpleResponses"],
            IdentitySource=how["identitySource"],
        )["AuthorizerId"]

    for path, methods in document["paths"].items():
        for method in METHODS & set(methods):
            operation = methods[method]
            how = operation["x-amazon-apigateway-integration"]
            integration = gateway.create_integration(
                ApiId=api_id,
                IntegrationType=how["type"].upper(),
                IntegrationMethod=how["httpMethod"],
                IntegrationUri=how["uri"],
                PayloadFormatVersion=how["payloadFormatVersion"],
            )["IntegrationId"]
            names = [name for need in operation.get("security", []) for name in need if name in authorizers]
            authorization = {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizers[names[0]]} if names else {}
            verb = "ANY" if method.startswith("x-") else method.upper()
            gateway.create_route(ApiId=api_id, RouteKey=f"{verb} {path}", Target=f"integrations/{integration}", **authorization)


def point_origin_to_api(cloudfront, distribution, api_id, port):
    """Points CloudFront's origin to MiniStack's address of the API (adaptation 2)."""
    found = cloudfront.get_distribution_config(Id=distribution)
    config = found["DistributionConfig"]
    for origin in config["Origins"]["Items"]:
        if custom := origin.get("CustomOriginConfig"):
            # MiniStack returns no default for these ports, and an update without them fails.
            origin["CustomOriginConfig"] = custom = {"HTTPPort": 80, "HTTPSPort": 443} | custom
        if origin["Id"] == "api":
            origin["DomainName"] = "127.0.0.1"
            origin["OriginPath"] = f"/_aws/execute-api/{api_id}"
            custom |= {"HTTPPort": port, "OriginProtocolPolicy": "http-only"}
    cloudfront.update_distribution(Id=distribution, DistributionConfig=config, IfMatch=found["ETag"])


def set_live_endpoint(functions, names, address):
    """Gives the functions MiniStack's address of `@connections` (adaptation 3)."""
    for name in names:
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables["SWITCHBOARD_LIVE_ENDPOINT"] = address
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


@contextmanager
def immediate_retries(sqs, queue):
    """Sets the queue's visibility timeout to 1 s until the end of the block (adaptation 7)."""
    deployed = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=deployed)


class SmsServiceStub:
    """A stand-in for End User Messaging (adaptation 4)."""

    def __init__(self, emulator):
        self.iam, self.functions, self.sns = (emulator.client(service) for service in ("iam", "lambda", "sns"))
        # Every number of a `CarrierLookup`, in order.
        self.lookups = []
        # Every accepted message, by destination number.
        self.sent = {}
        # The account's phone numbers, as `DescribePhoneNumbers` returns them.
        self.numbers = []

    def stubs(self):
        """Returns the function that answers each operation, by `X-Amz-Target`.

        A function takes the key that signed the request, the actions that the request needs, and the request.
        """
        answers = {
            "CarrierLookup": self.carrier_lookup,
            "DescribePhoneNumbers": self.describe_phone_numbers,
            "SendTextMessage": self.send_text_message,
        }
        return {f"PinpointSMSVoiceV2.{operation}": self.authorised(answer) for operation, answer in answers.items()}

    def authorised(self, answer):
        def authorised_answer(key, needs, request):
            grants = list(self.grants_of_key(key))
            for need in needs:
                if not any(covers(it, need) for it in grants):
                    action, resource = need
                    message = f"User: {key} is not authorized to perform: {action} on resource: {resource}"
                    return 400, {"__type": "AccessDeniedException", "message": message}
            return 200, answer(request)

        return authorised_answer

    def carrier_lookup(self, request):
        number = request["PhoneNumber"]
        self.lookups.append(number)
        kind = "LANDLINE" if number.endswith("0190") else "MOBILE"
        return {"E164PhoneNumber": number, "PhoneNumberType": kind}

    def describe_phone_numbers(self, _):
        return {"PhoneNumbers": self.numbers}

    def add_number(self, number, topic, **otherwise):
        """Gives the account a phone number with the right settings, except for those in `otherwise`."""
        known = {
            "PhoneNumberArn": f"arn:aws:sms-voice:us-east-1:000000000000:phone-number/phone-{number.removeprefix('+')}",
            "PhoneNumber": number, "Status": "ACTIVE", "IsoCountryCode": "US", "MessageType": "TRANSACTIONAL",
            "NumberCapabilities": ["SMS"], "NumberType": "TOLL_FREE", "MonthlyLeasingPrice": "2.00", "TwoWayEnabled": True,
            "TwoWayChannelArn": topic, "SelfManagedOptOutsEnabled": False, "OptOutListName": number,
            "DeletionProtectionEnabled": True, "CreatedTimestamp": 0,
        }
        self.numbers.append(known | otherwise)

    def send_text_message(self, request):
        number = request["DestinationPhoneNumber"]
        self.sns.publish(PhoneNumber=number, Message=request["MessageBody"])
        message = f"of-the-carrier-{sum(map(len, self.sent.values()))}"
        self.sent.setdefault(number, []).append(request | {"MessageId": message})
        return {"MessageId": message}

    def publish_receipt(self, topic, number, event, is_final=True):
        """Publishes a delivery receipt of the newest message to a number, as the configuration set does."""
        message = self.sent[number][-1]
        receipt = {
            "eventType": event, "eventVersion": "1.0", "eventTimestamp": int(time.time() * 1000), "isFinal": is_final,
            "originationPhoneNumber": message["OriginationIdentity"], "destinationPhoneNumber": number,
            "messageId": message["MessageId"], "context": message["Context"],
        }
        self.sns.publish(TopicArn=topic, Message=json.dumps(receipt))

    def grants_of_key(self, key):
        """Yields the (action, resource) pairs that the role of this access key allows."""
        for page in self.functions.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                if access_key(function["FunctionArn"], function["Role"]) == key:
                    yield from self.grants_of_role(function["Role"].rsplit("/", 1)[-1])

    def grants_of_role(self, role):
        for name in self.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            for statement in as_list(self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]):
                if statement["Effect"] == "Allow":
                    yield from product(as_list(statement["Action"]), as_list(statement["Resource"]))
