"""Companies, lines, staff and sessions, written as `shared/store` reads them."""

import hashlib
import secrets
import time


class Seeding:
    def __init__(self, dynamodb, table):
        self.dynamodb = dynamodb
        self.table = table

    def company(self, company, name, region, line):
        key = secrets.token_hex(16)
        self.listed(f"COMPANY#{company}", "PROFILE", id=company, name=name, region=region, line=line, conversation_key=key)
        self.line(company, line, key)
        return key

    def line(self, company, number, key):
        self.listed(f"LINE#{number}", "LINE", number=number, company=company, conversation_key=key)

    def staff(self, company, staff, name):
        self.listed(f"COMPANY#{company}", f"STAFF#{staff}", staff=staff, company=company, name=name)

    def session(self, staff, name, company, company_name, region, ends_in=3600):
        """The token of a session that ends in so many seconds: what is kept is its hash."""
        token = secrets.token_hex(32)
        person = {"id": staff, "name": name, "company": company, "company_name": company_name, "region": region}
        self.put({
            "pk": {"S": f"SESSION#{hashlib.sha256(token.encode()).hexdigest()}"},
            "sk": {"S": "SESSION"},
            "expires_at": {"N": str(int(time.time()) + ends_in)},
            "staff": {"M": {field: {"S": value} for field, value in person.items()}},
        })
        return token

    def listed(self, pk, sk, **fields):
        keys = {"pk": pk, "sk": sk, "recent_pk": "DIRECTORY", "recent_sk": f"{pk}#{sk}"}
        self.put({field: {"S": value} for field, value in (keys | fields).items()})

    def put(self, item):
        self.dynamodb.put_item(TableName=self.table, Item=item)
