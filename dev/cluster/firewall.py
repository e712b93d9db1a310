"""The iptables rules of the node: chains of our own, and the removal of those kube-proxy made for us."""

from pathlib import Path

from dev.cluster.commands import run, succeeds
from dev.cluster.errors import ClusterError

OUR_PREFIX = "MYAPP-DEV-"
KUBERNETES_PREFIX = "KUBE-"
# kube-proxy writes IPv6 rules as well.
FAMILIES = ("iptables", "ip6tables")
HOOKS = (("raw", "PREROUTING"), ("filter", "INPUT"), ("filter", "FORWARD"), ("nat", "POSTROUTING"))
IPV6_HOOKS = (("filter", "INPUT"),)
FAILED = "The firewall rules of the node could not be set: does this kernel have netfilter?"


def another_kubernetes() -> bool:
    """Whether kube-proxy's chains are on this machine."""
    return any(
        line.startswith(f":{KUBERNETES_PREFIX}SERVICES") for family in FAMILIES for line in _save(family).splitlines()
    )


def masquerading() -> bool:
    """Whether somebody, a container engine say, forwards traffic of others through this machine."""
    return "-j MASQUERADE" in _save("iptables")


def ensure(bridge: str, ranges: tuple[str, str], api_port: int) -> None:
    """Write our chains anew and make the built-in ones jump to them first."""
    _write("iptables", HOOKS, rules(bridge, ranges, api_port))
    if Path("/proc/net/if_inet6").exists():
        _write("ip6tables", IPV6_HOOKS, ipv6_rules(api_port))


def _write(family: str, hooks: tuple[tuple[str, str], ...], script: str) -> None:
    run([f"{family}-restore", "--wait", "5", "--noflush"], stdin=script, failed=FAILED)
    for table, hook in hooks:
        jump = [hook, "-j", f"{OUR_PREFIX}{hook}"]
        if not succeeds([family, "-w", "-t", table, "-C", *jump]):
            run([family, "-w", "-t", table, "-I", *jump], failed=FAILED)


def rules(bridge: str, ranges: tuple[str, str], api_port: int) -> str:
    """Our chains as iptables-restore reads them; naming a chain empties it, so writing twice changes nothing."""
    pods, services = ranges
    entrance, incoming, forward, outgoing = (f"{OUR_PREFIX}{hook}" for _, hook in HOOKS)
    return "\n".join(
        [
            "*raw",
            f":{entrance} - [0:0]",
            # From other machines nobody comes to pods, Services or the kubelet, whatever route they know:
            # asked here, before kube-proxy rewrites addresses and lets pass what it rewrote.
            f"-A {entrance} -i lo -j RETURN",
            f"-A {entrance} -i {bridge} -j RETURN",
            f"-A {entrance} -d {pods} -j DROP",
            f"-A {entrance} -d {services} -j DROP",
            "COMMIT",
            "*filter",
            f":{incoming} - [0:0]",
            f":{forward} - [0:0]",
            # Pods may reach this machine even where it drops what comes in; the API is for them and for us alone.
            f"-A {incoming} -i {bridge} -j ACCEPT",
            f"-A {incoming} ! -i lo -p tcp --dport {api_port} -j DROP",
            # Pods reach each other and the world, and get their answers, even where the machine forwards nothing.
            f"-A {forward} -i {bridge} -j ACCEPT",
            f"-A {forward} -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "COMMIT",
            "*nat",
            f":{outgoing} - [0:0]",
            f"-A {outgoing} -s {pods} ! -o {bridge} -j MASQUERADE",
            "COMMIT",
            "",
        ]
    )


def ipv6_rules(api_port: int) -> str:
    """The API server listens on IPv6 too, where it has no business but on loopback."""
    incoming = f"{OUR_PREFIX}INPUT"
    rule = f"-A {incoming} ! -i lo -p tcp --dport {api_port} -j DROP"
    return "\n".join(["*filter", f":{incoming} - [0:0]", rule, "COMMIT", ""])


def remove() -> None:
    """Take away our chains and kube-proxy's, and every rule that leads to them."""
    for family in FAMILIES:
        script = removal(_save(family))
        if script:
            run(
                [f"{family}-restore", "--wait", "5", "--noflush"],
                stdin=script,
                failed=f"The {family} rules of the node could not be removed",
            )


def removal(saved: str) -> str:
    """From what iptables-save printed, the script that removes our chains and leaves everything else."""
    script: list[str] = []
    table: list[str] = []
    for line in saved.splitlines():
        if line.startswith("*"):
            table = [line]
        elif line == "COMMIT":
            script += _table_removal(table)
        else:
            table.append(line)
    return "\n".join([*script, ""]) if script else ""


def _table_removal(table: list[str]) -> list[str]:
    chains = [line[1:].split()[0] for line in table if line.startswith(":") and _ours(line[1:])]
    if not chains:
        return []
    jumps = [
        line for line in table if line.startswith("-A ") and not _ours(line.split()[1]) and _jumps_to(line, chains)
    ]
    return [
        table[0],
        *(f"-D {line.removeprefix('-A ')}" for line in jumps),
        *(f"-F {chain}" for chain in chains),
        *(f"-X {chain}" for chain in chains),
        "COMMIT",
    ]


def _jumps_to(line: str, chains: list[str]) -> bool:
    words = line.split()
    return any(words[index] in ("-j", "-g") and words[index + 1] in chains for index in range(len(words) - 1))


def _ours(chain: str) -> bool:
    return chain.startswith((OUR_PREFIX, KUBERNETES_PREFIX))


def _save(family: str) -> str:
    try:
        return run([f"{family}-save"], failed=f"The {family} rules could not be read")
    except ClusterError:
        # Not installed yet, or a kernel without this family: then there are no rules either.
        return ""
