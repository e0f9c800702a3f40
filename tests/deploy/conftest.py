import itertools

import pytest

from calls import INSTANCE
from deployment import Deployment
from emulator import Emulator
from issuer import Issuer
from people import NO_PUSH_SERVICE, Company, Customer, Staff
from seeding import Seeding


@pytest.fixture(scope="session")
def emulator():
    emulator = Emulator()
    yield emulator
    emulator.stop()


@pytest.fixture(scope="session")
def issuer():
    """Where the staff of both companies sign in."""
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="session")
def deployment(emulator, issuer):
    """The stack, deployed once. Tests share it, each with customers and texts of its own."""
    deployment = Deployment(
        emulator, ConnectInstanceArn=INSTANCE, PushServices=NO_PUSH_SERVICE,
        # One person does everything here.
        StaffLimits="1000/10000", **issuer.parameters(),
    )
    deployment.makes_push_keys()
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
def numbers():
    """Numbers that nobody has: the range that is set aside for examples."""
    return (f"+1425555{n:04}" for n in itertools.count(100))


@pytest.fixture
def maria(deployment, numbers):
    """A customer who has never written before."""
    return Customer(deployment, next(numbers))


@pytest.fixture(scope="session")
def stranger(deployment):
    return lambda token=None: Staff(deployment, token)
