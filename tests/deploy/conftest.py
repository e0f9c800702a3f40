import itertools

import pytest

from calls import INSTANCE
from deployment import Deployment
from emulator import Emulator
from issuer import Issuer
from people import Company, Customer, Staff
from polling import eventually
from push_service import PushService
from seeding import Seeding


@pytest.fixture(scope="session")
def push_service():
    """A push service on this machine, which the browsers of staff use."""
    push_service = PushService()
    yield push_service
    push_service.stop()


@pytest.fixture(scope="session")
def emulator(push_service):
    emulator = Emulator(roots=push_service.roots)
    yield emulator
    emulator.stop()


@pytest.fixture(scope="session")
def issuer():
    """The OpenID Connect issuer where the staff of both companies sign in."""
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="session")
def deployment(emulator, issuer):
    """The stack, deployed once. All tests share it; each has customers and texts of its own."""
    deployment = Deployment(
        emulator, ConnectInstanceArn=INSTANCE,
        # One member of staff does everything here, which would exceed the default rate limits.
        StaffLimits="1000/10000", StaffLookups="1000/10000", CompanyLookups="1000/10000", **issuer.parameters(),
    )
    deployment.create_push_keys()
    return deployment


@pytest.fixture(scope="session")
def seeding(deployment):
    return Seeding(deployment.emulator.client("dynamodb"), deployment.outputs["Table"])


@pytest.fixture(scope="session")
def harbor(deployment, seeding):
    return Company(deployment, seeding, "harbor-dental", "Harbor Dental", "US", "+12065550142")


@pytest.fixture(scope="session")
def tidewater(deployment, seeding):
    return Company(deployment, seeding, "tidewater-physio", "Tidewater Physio", "AU", "+61491570006")


@pytest.fixture(scope="session")
def dana(harbor):
    return harbor.staff("dana", "Dana Whitfield", is_administrator=True)


@pytest.fixture(scope="session")
def josie(tidewater):
    return tidewater.staff("josie", "Josie Nguyen")


@pytest.fixture(scope="session")
def unused_numbers():
    """Numbers that belong to nobody, from the range that is reserved for examples."""
    return (f"+1425555{n:04}" for n in itertools.count(100))


@pytest.fixture
def maria(deployment, unused_numbers):
    """A customer who has not written before."""
    return Customer(deployment, next(unused_numbers))


@pytest.fixture(scope="session")
def visitor(deployment):
    return lambda token=None: Staff(deployment, token)


@pytest.fixture
def pushes_of(push_service):
    """Returns the pushes of a text to a browser, once there are `times` of them."""

    def pushes_of(browser, text, times=1):
        def found():
            return [it for it in push_service.pushes[browser.path] if browser.reads(it)["body"].split("\n")[0] == text]

        eventually(lambda: len(found()) >= times, f"{text!r} is pushed to the browser")
        return found()

    return pushes_of
