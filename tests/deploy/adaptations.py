"""What is changed because MiniStack is not AWS.

Only this file adapts anything, and says why. The template is deployed as it was built, but for what
MiniStack refuses to make:

0. Alarms on several metrics at once (metric math), the looks of Cognito's sign-in page, the response of a
   WebSocket's route, the configuration set of the SMS service and whatever is of Amazon Connect are left out; the
   alarms, the set and the response, without which MiniStack answers all the same, are asserted in test_template.py. A user pool's `ProviderURL` is spelled out.

   A role's policy that is a resource of its own (`AWS::IAM::RolePolicy`) is written as `AWS::IAM::Policy`, which does
   the same to a role.

   It authorises `SendMessageBatch` by that name, where Amazon SQS knows `sqs:SendMessage` only: whoever is
   allowed the one is allowed the other.

A deployed resource is changed afterwards, by what the translated template says, so that what is tested
is what AWS would be given:

1. The routes of the HTTP API. MiniStack takes the OpenAPI document that SAM makes of an
   `AWS::Serverless::HttpApi` and keeps none of its routes. They are created through the API, from
   that document.
2. The API behind CloudFront. MiniStack does not connect to an origin whose host name is AWS's own
   (`execute-api`). The distribution's origin is pointed to MiniStack's own address of that API, by
   HTTP, since there is no certificate. It takes no WebSockets: those are opened at the API's own address.
3. Where `@connections` are, for the same reason: the functions are told MiniStack's own address of them.

A service that MiniStack does not have is answered for:

4. End User Messaging (`sms-voice`), between the functions and MiniStack, and only for a role that allows it, as
   MiniStack does for its own: `CarrierLookup` by the last digits of the number; `DescribePhoneNumbers` by what a test
   says that the account has; what `SendTextMessage` takes is
   put in the outbox of MiniStack's SNS, and its receipts are published when a test says so. The id of a phone number
   is `phone-` and its digits. A connection that it has answered on is dead for whoever asks on it again.

And in how the tests speak to it, for want of DNS and certificates:

5. CloudFront is asked by its name in the header Host, with `X-Forwarded-Proto: https` as if TLS had
   ended before it; and Secure cookies are handed on by hand.
6. `StartMessageMoveTask` does not exist: a redrive receives from the dead-letter queue and sends
   the same body to the queue.
7. A record that failed is tried again after the queue's visibility time-out, 150 s, and goes to the
   dead-letter queue after the fifth time: some 12 minutes. While one test waits for that, it is 1 s.
8. The AWS CLI that sam's environment has, version 1, asks SQS at an address of its own whatever `AWS_ENDPOINT_URL`
   says. It is told by an option (`Emulator.aws`).

And in what functions reach beside AWS, which is on this machine as well, on a network that nothing leads out of:

9. A push service has the name of one that browsers are known to use, and an address that anybody could reach, so that
   what a function looks at before it sends is as it is deployed. Only its certificate cannot be had: functions believe
   an authority of the tests' own (`SSL_CERT_FILE`), and no other.
"""

import json
import os
import re
import time
from contextlib import contextmanager
from itertools import product

from authorisation import covers, listed
from recorder import access_key

from samcli.yamlhelper import yaml_dump, yaml_parse

METHODS = {"get", "post", "put", "delete", "patch", "head", "options", "x-amazon-apigateway-any-method"}


def deployable(built):
    """Adaptation 0. The built template without what cannot be made, beside it: paths in it are relative."""
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
            # A managed policy is a name.
            for statement in policy.get("Statement", []) if isinstance(policy, dict) else []:
                if statement["Action"] == "sqs:SendMessage":
                    statement["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
    # Two runs of the tests may deploy at once.
    adapted = built.with_name(f"deployable-{os.getpid()}.yaml")
    adapted.write_text(yaml_dump(template))
    return adapted


def resolve(value, references):
    """Replaces the intrinsic functions that stand in an OpenAPI document by what they stand for."""
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


def add_the_routes(gateway, api_id, document, references):
    """Adaptation 1. Called again after an update, it leaves what the new document says."""
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


def point_to_the_api(cloudfront, distribution, api_id, port):
    """Adaptation 2."""
    found = cloudfront.get_distribution_config(Id=distribution)
    config = found["DistributionConfig"]
    for origin in config["Origins"]["Items"]:
        if custom := origin.get("CustomOriginConfig"):
            # Ports of which it gives back no default, and which it is not updated without.
            origin["CustomOriginConfig"] = custom = {"HTTPPort": 80, "HTTPSPort": 443} | custom
        if origin["Id"] == "api":
            origin["DomainName"] = "127.0.0.1"
            origin["OriginPath"] = f"/_aws/execute-api/{api_id}"
            custom |= {"HTTPPort": port, "OriginProtocolPolicy": "http-only"}
    cloudfront.update_distribution(Id=distribution, DistributionConfig=config, IfMatch=found["ETag"])


def tell_where_sockets_are(functions, names, address):
    """Adaptation 3."""
    for name in names:
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables["SWITCHBOARD_LIVE_ENDPOINT"] = address
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


@contextmanager
def retries_that_come_at_once(sqs, queue):
    """Adaptation 7."""
    deployed = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=deployed)


class Carriers:
    """Adaptation 4."""

    def __init__(self, emulator):
        self.iam, self.functions, self.sns = (emulator.client(service) for service in ("iam", "lambda", "sns"))
        # Every number that was looked up, in order.
        self.asked = []
        # Every message that was taken, by the number that it went to.
        self.sent = {}
        # The numbers that the account has, as it tells of them.
        self.numbers = []

    def stand_ins(self):
        """Who answers, by the target of a call: what it needs to be allowed, and what is asked."""
        answers = {"CarrierLookup": self.looks_up, "DescribePhoneNumbers": self.describes, "SendTextMessage": self.sends}
        return {f"PinpointSMSVoiceV2.{operation}": self.allowed(answer) for operation, answer in answers.items()}

    def allowed(self, answer):
        def to(key, needs, request):
            granted = list(self.granted(key))
            for need in needs:
                if not any(covers(it, need) for it in granted):
                    action, resource = need
                    said = f"User: {key} is not authorized to perform: {action} on resource: {resource}"
                    return 400, {"__type": "AccessDeniedException", "message": said}
            return 200, answer(request)

        return to

    def looks_up(self, request):
        number = request["PhoneNumber"]
        self.asked.append(number)
        kind = "LANDLINE" if number.endswith("0190") else "MOBILE"
        return {"E164PhoneNumber": number, "PhoneNumberType": kind}

    def describes(self, _):
        return {"PhoneNumbers": self.numbers}

    def has(self, number, topic, **otherwise):
        """A number that is set as it is to be, but for what is said otherwise."""
        known = {
            "PhoneNumberArn": f"arn:aws:sms-voice:us-east-1:000000000000:phone-number/phone-{number.removeprefix('+')}",
            "PhoneNumber": number, "Status": "ACTIVE", "IsoCountryCode": "US", "MessageType": "TRANSACTIONAL",
            "NumberCapabilities": ["SMS"], "NumberType": "TOLL_FREE", "MonthlyLeasingPrice": "2.00", "TwoWayEnabled": True,
            "TwoWayChannelArn": topic, "SelfManagedOptOutsEnabled": False, "OptOutListName": number,
            "DeletionProtectionEnabled": True, "CreatedTimestamp": 0,
        }
        self.numbers.append(known | otherwise)

    def sends(self, request):
        number = request["DestinationPhoneNumber"]
        self.sns.publish(PhoneNumber=number, Message=request["MessageBody"])
        message = f"of-the-carrier-{sum(map(len, self.sent.values()))}"
        self.sent.setdefault(number, []).append(request | {"MessageId": message})
        return {"MessageId": message}

    def tells(self, topic, number, event, is_final=True):
        """Publishes a receipt of the newest message to a number, as its configuration set does."""
        message = self.sent[number][-1]
        receipt = {
            "eventType": event, "eventVersion": "1.0", "eventTimestamp": int(time.time() * 1000), "isFinal": is_final,
            "originationPhoneNumber": message["OriginationIdentity"], "destinationPhoneNumber": number,
            "messageId": message["MessageId"], "context": message["Context"],
        }
        self.sns.publish(TopicArn=topic, Message=json.dumps(receipt))

    def granted(self, key):
        """What the role of whoever has this key allows."""
        for page in self.functions.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                if access_key(function["FunctionArn"], function["Role"]) == key:
                    yield from self.allows(function["Role"].rsplit("/", 1)[-1])

    def allows(self, role):
        for name in self.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            for statement in listed(self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]):
                if statement["Effect"] == "Allow":
                    yield from product(listed(statement["Action"]), listed(statement["Resource"]))
