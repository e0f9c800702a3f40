"""Writes companies, lines, staff and sessions into the table, as `shared/store` reads them."""

import hashlib
import secrets
import time


# The time zone of a company, by its region.
TIME_ZONES = {"US": "America/Los_Angeles", "AU": "Australia/Sydney"}


class Seeding:
    def __init__(self, dynamodb, table):
        self.dynamodb = dynamodb
        self.table = table

    def company(self, company, name, region, line):
        key = secrets.token_hex(16)
        self.put_listed(
            f"COMPANY#{company}",
            "PROFILE",
            id=company,
            name=name,
            region=region,
            time_zone=TIME_ZONES[region],
            line=line,
            conversation_key=key,
        )
        self.line(company, line, key)
        return key

    def line(self, company, number, key, **origin):
        self.put_listed(f"LINE#{number}", "LINE", number=number, company=company, conversation_key=key, **origin)

    def staff(self, company, staff, name, email, is_administrator):
        self.put_listed(
            f"COMPANY#{company}", f"STAFF#{staff}", staff=staff, company=company, name=name, login={"email": email},
            is_administrator=is_administrator,
        )
        self.put(pk=f"LOGIN#email {email}", sk="LOGIN", company=company, staff=staff)

    def session(self, company, staff, ends_in=3600):
        """Creates a session that ends in `ends_in` seconds. Returns its token; the table has the hash."""
        token, now = secrets.token_hex(32), int(time.time())
        self.put(
            pk=f"SESSION#{hashlib.sha256(token.encode()).hexdigest()}",
            sk="SESSION",
            expires_at=now + ends_in,
            began=now * 1000,
            authenticated=now * 1000,
            company=company,
            staff=staff,
        )
        return token

    def connection(self, company, connection):
        """Stores a WebSocket that has closed without a disconnect event: the gateway does not know it."""
        now = int(time.time())
        self.put(
            pk=f"LIVE#{company}",
            sk=connection,
            expires_at=now + 3600,
            connection=connection,
            company=company,
            staff="dana",
            session="0" * 64,
            began=0,
            ends=(now + 3600) * 1000,
            since=0,
        )

    def put_listed(self, pk, sk, **fields):
        self.put(pk=pk, sk=sk, recent_pk="DIRECTORY", recent_sk=f"{pk}#{sk}", **fields)

    def put(self, **fields):
        self.dynamodb.put_item(TableName=self.table, Item={name: attribute(value) for name, value in fields.items()})


def attribute(value):
    if isinstance(value, dict):
        return {"M": {name: attribute(inner) for name, inner in value.items()}}
    if isinstance(value, list):
        return {"L": [attribute(inner) for inner in value]}
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
