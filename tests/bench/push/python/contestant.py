"""Pushes with pywebpush, as often as it is told to: see ../src/contestant.rs for what it is told.

By `requests`, one after the other, or by `aiohttp`, many at a time. With `once` it signs by hand, once for all, where
pywebpush signs each message.
"""

import asyncio
import json
import sys
from urllib.parse import urlsplit

import aiohttp
import requests
from py_vapid import Vapid
from pywebpush import webpush, webpush_async

by, how, file = sys.argv[1:]
with open(file) as opened:
    stage = json.load(opened)
headers = {"urgency": "high", "topic": stage["topic"]}
vapid = Vapid.from_string(stage["private"])
claims = {"sub": stage["subject"]}
if how == "once":
    origin = urlsplit(stage["subscriptions"][0]["endpoint"])
    headers |= vapid.sign({**claims, "aud": f"{origin.scheme}://{origin.netloc}"})
    signing = {}
else:
    signing = {"vapid_private_key": vapid, "vapid_claims": claims}


def targets(messages):
    subscriptions = stage["subscriptions"]
    return (subscriptions[n % len(subscriptions)] for n in range(messages))


def commands():
    print("ready", flush=True)
    for line in sys.stdin:
        yield int(line)
        print("done", flush=True)


def by_requests():
    session = requests.Session()
    for messages in commands():
        for subscription in targets(messages):
            webpush(
                subscription, stage["payload"], ttl=stage["ttl"], headers=headers, requests_session=session, **signing
            )


async def by_aiohttp():
    connector = aiohttp.TCPConnector(limit=stage["together"])
    async with aiohttp.ClientSession(connector=connector) as session:

        async def worker(subscriptions):
            for subscription in subscriptions:
                await webpush_async(
                    subscription, stage["payload"], ttl=stage["ttl"], headers=headers, aiohttp_session=session,
                    **signing,
                )

        for messages in commands():
            subscriptions = targets(messages)
            await asyncio.gather(*(worker(subscriptions) for _ in range(stage["together"])))


if by == "requests":
    by_requests()
else:
    asyncio.run(by_aiohttp())
