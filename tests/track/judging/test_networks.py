"""Whose addresses they are comes from a file that anybody may replace."""

import ipaddress

import pytest

from newsletter.track.judging.networks import SHIPPED, BadNetworks, load, parsed, truncated


def written(tmp_path, text):
    file = tmp_path / "networks.yaml"
    file.write_text(text)
    return file


def entry(name, kind, *ranges):
    return f"  - {{name: {name}, kind: {kind}, source: a test, ranges: [{', '.join(map(repr, ranges))}]}}\n"


def found(networks, address):
    network = networks.find(parsed(address))
    return network and (network.name, network.kind)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("172.225.1.1", "apple"), ("2a02:26f7:b000:4000::1", "apple"), ("66.249.84.1", "google"),
        ("209.222.82.3", "scanner"), ("20.70.1.2", "hosting"), ("::ffff:20.70.1.2", "hosting"),
    ],
)  # fmt: skip
def test_the_shipped_file_knows_the_large_ones(address, kind):
    assert load().find(parsed(address)).kind == kind


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::1", "0.0.0.0", "255.255.255.255", "::"])
def test_other_addresses_are_nobodys(address):
    assert load().find(parsed(address)) is None


def test_a_range_begins_and_ends_where_it_says(tmp_path):
    networks = load(written(tmp_path, "date: 2026-11-30\nnetworks:\n" + entry("A", "hosting", "203.0.113.64/26")))
    ends = ("203.0.113.63", "203.0.113.64", "203.0.113.127", "203.0.113.128")
    assert [bool(found(networks, one)) for one in ends] == [False, True, True, False]


def test_the_smallest_range_that_holds_an_address_counts(tmp_path):
    rows = [
        entry("outer", "hosting", "10.0.0.0/8"), entry("inner", "scanner", "10.1.0.0/16", "10.1.2.0/24"),
        entry("core", "apple", "10.1.2.0/25"), entry("beside", "google", "10.2.0.0/16"),
    ]  # fmt: skip
    networks = load(written(tmp_path, "date: 2026-11-30\nnetworks:\n" + "".join(rows)))
    named = {"10.0.0.1": "outer", "10.1.0.1": "inner", "10.1.2.1": "core", "10.1.2.200": "inner", "10.2.0.0": "beside",
             "10.3.0.0": "outer", "10.255.255.255": "outer"}  # fmt: skip
    assert {address: found(networks, address)[0] for address in named} == named
    assert found(networks, "11.0.0.0") is None


def test_a_lookup_says_what_a_walk_through_all_ranges_says():
    import random

    import yaml

    rows = yaml.safe_load(SHIPPED.read_text())["networks"]
    ranges = [(ipaddress.ip_network(one), row["name"]) for row in rows for one in row["ranges"]]
    chance = random.Random(6)
    picked = [chance.choice(ranges)[0] for _ in range(300)]
    places = [one[chance.randrange(min(one.num_addresses, 2**40))] for one in picked]
    places += [ipaddress.ip_address(chance.getrandbits(32)) for _ in range(300)]
    for place in places:
        around = [(one.prefixlen, name) for one, name in ranges if one.version == place.version and place in one]
        assert (load().find(place) or (None,))[0] == (max(around)[1] if around else None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date: 2026-11-30\nnetworks:\n" + entry("A", "hosting", "203.0.113.5/24"), "networks.0.ranges.0"),
        ("date: 2026-11-30\nnetworks:\n" + entry("A", "hosting", "203.0.113.0/99"), "networks.0.ranges.0"),
        ("date: 2026-11-30\nnetworks:\n" + entry("A", "cloud", "203.0.113.0/24"), "networks.0.kind"),
        ("networks: []\n", "date"),
        ("date: 2026-11-30\nnetworks: []\nmore: 1\n", "more"),
        ("- a list\n", "the whole file"),
        ("networks: [", "this is no YAML"),
        ("", "date"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_place_in_it(tmp_path, text, said):
    file = written(tmp_path, text)
    with pytest.raises(BadNetworks) as error:
        load(file)
    assert str(file) in str(error.value)
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadNetworks, match="No such file"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("::ffff:203.0.113.77",
        "203.0.113.0/24"), ("fe80::1%eth0", "fe80::/48"), ("unknown", ""), ("", ""),
    ],
)  # fmt: skip
def test_of_an_address_its_network_is_kept(address, kept):
    assert truncated(address) == kept
