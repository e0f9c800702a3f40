"""Confirmation calls, as Amazon Connect reports them."""

import secrets
import time

from emulator import REGION

INSTANCE = f"arn:aws:connect:{REGION}:000000000000:instance/5ca32fbd-8f92-46af-92a5-6b0f970f0efe"


class Call:
    """A call to a customer, from a line, about an appointment."""

    def __init__(self, line, customer, appointment):
        self.contact = secrets.token_hex(16)
        self.line, self.customer, self.appointment = line, customer, appointment

    def pressed(self, digit):
        """Returns the request that a contact flow sends when the customer presses a digit."""
        return {
            "Name": "ContactFlowEvent",
            "Details": {
                "Parameters": {"appointmentId": self.appointment, "digit": digit},
                "ContactData": {
                    "ContactId": self.contact,
                    "Channel": "VOICE",
                    "InitiationMethod": "API",
                    "InstanceARN": INSTANCE,
                    "CustomerEndpoint": {"Address": self.customer, "Type": "TELEPHONE_NUMBER"},
                    "SystemEndpoint": {"Address": self.line, "Type": "TELEPHONE_NUMBER"},
                },
            },
        }

    def event(self, kind, **detail):
        """Returns a contact event, as EventBridge delivers it."""
        known = {
            "eventType": kind,
            "contactId": self.contact,
            "channel": "VOICE",
            "instanceArn": INSTANCE,
            "initiationMethod": "API",
            "disconnectReason": "OTHER",
            "tags": {"aws:connect:systemEndpoint": self.line, "appointmentId": self.appointment},
        }
        return {
            "version": "0",
            "id": secrets.token_hex(16),
            "account": "000000000000",
            "region": REGION,
            "resources": [],
            "source": "aws.connect",
            "detail-type": "Amazon Connect Contact Event",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "detail": known | detail,
        }
