"""Two installations over one namespace: one stays away, says so, and takes over when the other one ends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from myapp_operator import names
from myapp_operator.errors import OperatorError, UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.installations import Installations
from myapp_operator.kube import Kube, Listing
from myapp_operator.names import Key, Kind
from tests.unit.jumping import run_while
from tests.unit.samples import refusal

FORBIDDEN = refusal(403, "leases is forbidden", reason="Forbidden")
OLD, NOW, YOUNG = "2029-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"


class World:
    """The Leases of a cluster, who may do what there, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.leases: dict[str, Json] = {}
        self.operators: set[tuple[str, str]] = set()
        """Home, and a namespace or *, of the accounts with the rights of an operator."""
        self.error: OperatorError | None = None
        self.lists: list[str | None] = []
        self.reviews = 0
        self.asked: list[str] = []
        """The homes that a review was about."""
        self.review_error: OperatorError | None = None

    def installation(self, *namespaces: str, home: str = "ops") -> Installations:
        return Installations(cast(Kube, self), namespaces, home, lambda: self.now)

    def renew(self, home: str, covers: str, created: str = NOW, holder: str = "pod") -> None:
        metadata = {"namespace": home, "name": "myapp-operator", "uid": f"uid-{home}", "creationTimestamp": created}
        metadata |= {"annotations": {names.COVERS: covers}}  # type: ignore[dict-item]
        self.leases[home] = {"metadata": metadata, "spec": {"holderIdentity": holder, "renewTime": str(self.now)}}

    async def pages(self, kind: Kind, namespace: str | None, *, fields: str) -> AsyncIterator[Listing]:
        """One Lease a page."""
        assert (kind, fields) == (names.LEASE, "metadata.name=myapp-operator")
        self.lists.append(namespace)
        if self.error:
            raise self.error
        for each in [*self.leases.values()]:
            yield Listing([each], 100)

    async def may_write_status(self, account: Key, namespace: str | None) -> bool:
        assert account.name == "myapp-operator"
        self.reviews += 1
        self.asked.append(account.namespace)
        if self.review_error:
            raise self.review_error
        return (account.namespace, namespace or "*") in self.operators


@pytest.fixture
def world() -> World:
    return World()


async def test_alone_it_looks_after_everything(world: World) -> None:
    ours = world.installation()
    world.renew("ops", "*")
    await ours.look()
    assert (ours.leader_of("shop"), ours.trouble, world.reviews) == ("", "", 0)


async def test_of_two_for_all_namespaces_the_one_whose_lease_is_younger_stays_away_and_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = world.installation(home="ops"), world.installation(home="more")
    world.operators = {("ops", "*"), ("more", "*")}
    world.renew("ops", "*", OLD)
    world.renew("more", "*", YOUNG)
    for _ in range(3):
        await first.look()
        await second.look()
    assert (first.leader_of("shop"), first.trouble) == ("", "")
    assert second.leader_of("shop") == "ops"
    assert "the myapp-operator of namespace ops looks after the same namespaces" in second.trouble
    assert caplog.messages == [
        "staying away from all namespaces: the myapp-operator of namespace ops leads there. "
        "Where it runs no more, delete its Lease"
    ]


async def test_it_takes_over_when_the_lease_of_the_other_one_is_not_renewed_any_more(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ours = world.installation(home="more")
    world.operators = {("ops", "*")}
    world.renew("more", "*", YOUNG)
    for _ in range(6):
        world.renew("ops", "*", OLD)
        await ours.look()
        assert ours.leader_of("shop") == "ops"
        world.now += 10
    await ours.look()
    assert ours.leader_of("shop") == "ops", "not renewed for ten seconds, which may be chance"
    world.now += 10
    with caplog.at_level(logging.INFO):
        await ours.look()
    assert (ours.leader_of("shop"), ours.trouble) == ("", "")
    assert caplog.messages[-1] == "looking after all namespaces again: no other myapp-operator leads there"


async def test_a_lease_that_was_released_or_deleted_counts_no_more(world: World) -> None:
    ours = world.installation(home="more")
    world.operators = {("ops", "*")}
    world.renew("ops", "*", OLD)
    await ours.look()
    world.renew("ops", "*", OLD, holder="")
    await ours.look()
    assert ours.leader_of("shop") == ""
    world.renew("ops", "*", OLD)
    await ours.look()
    assert ours.leader_of("shop") == "ops"
    world.leases.clear()
    await ours.look()
    assert ours.leader_of("shop") == ""


async def test_one_for_all_leaves_a_namespace_to_the_installation_in_it_and_is_ready(world: World) -> None:
    ours = world.installation()
    world.renew("ops", "*", OLD)
    world.renew("shop", "shop", YOUNG)
    await ours.look()
    assert [ours.leader_of(each) for each in ("shop", "other")] == ["shop", ""]
    assert (ours.trouble, world.reviews) == ("", 0)


async def test_a_tenants_lease_speaks_for_its_own_namespace_alone(world: World) -> None:
    """It is older than ours and claims all, and others by name."""
    for covers in ("*", "shop,other", "evil,*"):
        ours = world.installation()
        world.renew("ops", "*", NOW)
        world.renew("evil", covers, OLD)
        for _ in range(3):
            await ours.look()
        assert [ours.leader_of(each) for each in ("shop", "other")] == ["", ""]
        assert ours.trouble == ""
    assert world.reviews == 4, "asked once for each"


async def test_many_leases_of_tenants_do_not_hold_up_a_look(world: World) -> None:
    ours = world.installation()
    for number in range(200):
        world.renew(f"evil-{number}", "a,b,c")
    await ours.look()
    assert world.reviews == 50


@pytest.mark.parametrize("error", [refusal(503, "busy"), FORBIDDEN])
async def test_rights_that_could_not_be_asked_for_once_are_asked_for_again_and_that_is_said_once(
    world: World, caplog: pytest.LogCaptureFixture, error: OperatorError
) -> None:
    ours = world.installation()
    world.operators, world.review_error = {("more", "*")}, error
    for _ in range(3):
        world.renew("more", "*", OLD)
        world.renew("ops", "*", NOW)
        await ours.look()
        world.now += 10
    assert ours.leader_of("shop") == ""
    (said,) = caplog.messages
    assert "cannot ask whether the account more/myapp-operator has the rights of an operator" in said
    world.review_error = None
    await ours.look()
    assert ours.leader_of("shop") == "more"


async def test_rights_are_asked_for_again_after_minutes_and_an_error_meanwhile_changes_nothing(world: World) -> None:
    ours, led = world.installation(), []
    world.operators = {("more", "*")}
    for look in range(100):
        world.operators = set() if look > 10 else world.operators
        world.review_error = refusal(503, "busy") if 20 < look < 50 else None
        world.renew("more", "*", OLD)
        await ours.look()
        led.append(ours.leader_of("shop"))
        world.now += 10
    assert led == ["more"] * 50 + [""] * 50
    assert len(world.asked) < 35


async def test_a_lease_that_claims_other_names_at_each_look_hides_nobody_and_is_not_remembered(world: World) -> None:
    """The names come first, and there are more of them than questions in a look."""
    ours = world.installation()
    world.operators = {("zz-operator", "*")}
    for look in range(20):
        world.renew("aa-tenant", ",".join(f"n{look}-{number}" for number in range(60)))
        world.renew("ops", "*", NOW)
        world.renew("zz-operator", "*", OLD)
        await ours.look()
        assert ours.leader_of("shop") == "zz-operator"
        world.now += 10
    assert len(ours._rights._answers) < 10


async def test_of_more_homes_than_questions_each_has_its_turn(world: World) -> None:
    ours = world.installation()
    world.operators = {("zz-operator", "*")}
    for look in range(5):
        for number in range(200):
            world.renew(f"evil-{number}", ",".join(f"n{look}-{each}" for each in range(10)))
        world.renew("zz-operator", "*", OLD)
        await ours.look()
        world.now += 10
    assert ours.leader_of("shop") == "zz-operator"
    assert len(set(world.asked)) == 201


async def test_a_right_that_was_withdrawn_ends_also_where_new_names_are_claimed_all_the_time(world: World) -> None:
    ours = world.installation()
    world.operators = {("more", "shop")}
    for look in range(35):
        world.renew("more", ",".join(["shop", *(f"n{look}-{number}" for number in range(60 if look else 0))]), OLD)
        await ours.look()
        assert (ours.leader_of("shop") == "more") is (look < 30)
        world.operators = set()
        world.now += 10


async def test_of_a_lease_as_large_as_may_be_little_is_kept(world: World) -> None:
    ours = world.installation()
    world.renew("evil", "*,x" * 80_000, holder="h" * 200_000)
    world.leases["evil"]["metadata"]["annotations"]["more"] = "x" * 200_000
    await ours.look()
    assert len(str(ours._sightings)) < 2000


async def test_a_lease_that_says_it_lasts_for_years_counts_no_longer_than_a_minute(world: World) -> None:
    ours = world.installation()
    world.renew("shop", "shop")
    world.leases["shop"]["spec"]["leaseDurationSeconds"] = 2**31 - 1
    led = []
    for _ in range(8):
        await ours.look()
        led.append(ours.leader_of("shop"))
        world.now += 10
    assert led == ["shop"] * 6 + [""] * 2


async def test_a_lease_that_could_not_be_renewed_while_the_api_server_was_away_has_its_time_anew(world: World) -> None:
    ours, told = world.installation(), []
    world.renew("shop", "shop")
    await ours.look()
    for seconds, error in ((10, UnreachableError("no answer")), (10, UnreachableError("no answer")), (10, None)):
        world.now, world.error = world.now + seconds, error
        await ours.look()
        told.append(ours.leader_of("shop"))
    assert told == ["shop"] * 3
    world.now += 20
    await ours.look()
    assert ours.leader_of("shop") == "", "nor is it renewed now"


async def test_two_that_name_the_same_third_namespace_see_each_other(world: World) -> None:
    first, second = world.installation("shop", home="ops"), world.installation("shop", "other", home="more")
    world.operators = {("ops", "shop"), ("more", "shop")}
    world.renew("ops", "shop", OLD)
    world.renew("more", "shop,other", YOUNG)
    await first.look()
    await second.look()
    assert [first.leader_of("shop"), second.leader_of("shop"), second.leader_of("other")] == ["", "ops", ""]


async def test_one_for_named_namespaces_asks_nothing_in_its_own_one_and_in_others_for_all(world: World) -> None:
    own, both = world.installation("ops"), world.installation("shop", "ops")
    await own.look()
    assert world.lists == []
    world.renew("shop", "shop", YOUNG)
    world.renew("ops", "shop,ops", OLD)
    await both.look()
    assert world.lists == [None]
    assert [both.leader_of(each) for each in ("shop", "ops")] == ["shop", ""]
    assert both.trouble == ""


async def test_one_without_a_lease_stays_away_from_whatever_another_one_leads(world: World) -> None:
    ours = world.installation("shop", home="")
    world.renew("shop", "shop", YOUNG)
    await ours.look()
    assert ours.leader_of("shop") == "shop"
    assert "give this one namespaces of its own" in ours.trouble


@pytest.mark.parametrize("error", [FORBIDDEN, UnreachableError("no answer")])
async def test_where_leases_cannot_be_listed_what_was_known_stays_and_it_is_said_once(
    world: World, caplog: pytest.LogCaptureFixture, error: OperatorError
) -> None:
    ours = world.installation()
    world.renew("shop", "shop")
    await ours.look()
    world.error = error
    caplog.clear()
    for _ in range(5):
        world.now += 10
        await ours.look()
    assert ours.leader_of("shop") == "shop"
    (said,) = caplog.messages
    assert said.startswith("cannot look for other installations")
    assert ("grant the rights of deploy/operator/installations.yaml" in said) is (error is FORBIDDEN)


@pytest.mark.parametrize(
    ("before", "after", "freed"),
    [
        pytest.param(["shop"], [], True, id="ended"),
        pytest.param([], ["shop"], False, id="came"),
        pytest.param(["shop"], ["shop"], False, id="goes on"),
    ],
)
def test_what_another_one_gives_up_is_looked_at(
    world: World, before: Sequence[str], after: Sequence[str], freed: bool
) -> None:
    ours, told = world.installation(), []

    async def script() -> None:
        for home in before:
            world.renew(home, home)
        await ours.look()
        world.leases.clear()
        for home in after:
            world.renew(home, home)
        await asyncio.sleep(15)

    run_while(script, lambda: ours.run(lambda: told.append(True)))
    assert bool(told) is freed
