"""What code in a session can reach of what it should not: a verdict for each line. Run as code of a session.

`npm run session:probe` runs it, locally or in a deployment (docs/sessions.md). Nothing that it reaches is read
further than to know that it answers, and nothing is sent anywhere.
"""

import ctypes
import errno
import json
import os
import socket
import sys
import urllib.request

TIMEOUT_S = 4
libc = ctypes.CDLL(None, use_errno=True)
verdicts = []


def call(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def holds(what, attempt):
    """The attempt has to fail; what came of it otherwise is told."""
    try:
        found = attempt()
    except Exception as error:
        reason = getattr(error, "reason", error)
        code = getattr(reason, "errno", None)
        verdicts.append(("held", what, errno.errorcode.get(code, type(reason).__name__)))
    else:
        verdicts.append(("OPEN", what, str(found)[:80]))


def connects(host, port):
    def attempt():
        with socket.create_connection((host, port), TIMEOUT_S):
            return "a connection"

    return attempt


def answers(url, **headers):
    def attempt():
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S) as answer:
            return f"status {answer.status}"

    return attempt


def vsock(cid):
    def attempt():
        with socket.socket(40, socket.SOCK_STREAM) as probe:
            probe.settimeout(TIMEOUT_S)
            probe.connect((cid, 1))

    return attempt


def sees_another_user():
    agent = os.getppid()
    open(f"/proc/{agent}/environ", "rb").read(1)
    return f"the environment of process {agent}"


def token_file():
    folder = "/mnt/configmap/session"
    for name in os.listdir(folder):
        open(os.path.join(folder, name), "rb").read(1)
        return f"{folder}/{name}"
    raise OSError(errno.ENOENT, "no file")


imds = "http://169.254.169.254/metadata"
holds("metadata service: instance", answers(f"{imds}/instance?api-version=2021-02-01", Metadata="true"))
token_url = f"{imds}/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F"
holds("metadata service: token of an identity", answers(token_url, Metadata="true"))
for port in (80, 32526):
    holds(f"WireServer, 168.63.129.16 port {port}", connects("168.63.129.16", port))
for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT"):
    where = os.environ.get(name)
    holds(f"{name} in the environment", lambda name=name: os.environ[name])
    if where:
        secret = os.environ.get("IDENTITY_HEADER", "") or os.environ.get("MSI_SECRET", "")
        query = "?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com%2F"
        holds(f"a token by {name}", answers(where + query, **{"X-IDENTITY-HEADER": secret, "secret": secret}))
for name in ("AGENT_TOKEN", "AGENT_DEADLINE"):
    holds(f"{name} in the environment", lambda name=name: os.environ[name])
holds("environment of the agent", sees_another_user)
holds("token of a standby claim", token_file)
for cid, whose in ((2, "the host"), (1, "this machine itself"), (0, "the hypervisor")):
    holds(f"AF_VSOCK to {whose}", vsock(cid))
x64 = os.uname().machine == "x86_64"
holds("a user namespace (unshare -U)", lambda: call(272 if x64 else 97, 0x10000000))
holds("tracing", lambda: call(101 if x64 else 117, 0, 0, 0, 0))
holds("the kernel's keys", lambda: call(250 if x64 else 219, 0, -3, 1))
holds("programs in the kernel (bpf)", lambda: call(321 if x64 else 280, 0, 0, 0))
holds("calls by ring (io_uring)", lambda: call(425, 8, ctypes.create_string_buffer(120)))
holds("another user (setuid 0)", lambda: os.setuid(0))
holds("names (DNS)", lambda: socket.getaddrinfo("example.com", 443))
for host, port in (("1.1.1.1", 443), ("8.8.8.8", 53), ("20.60.0.1", 443)):
    holds(f"egress to {host} port {port}", connects(host, port))
holds("egress by IPv6", connects("2606:4700:4700::1111", 443))


def datagram_is_answered():
    # A query for the root's name servers: who answers has let it out.
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(TIMEOUT_S)
        probe.sendto(query, ("8.8.8.8", 53))
        return f"{len(probe.recv(512))} bytes"


holds("egress by UDP", datagram_is_answered)
seccomp = [line.split()[1] for line in open("/proc/self/status") if line.startswith("Seccomp:")]
filtered = "the filter of system calls"
verdicts.append(("held", filtered, "on") if seccomp == ["2"] else ("OPEN", filtered, f"mode {seccomp}"))

# One line that programs read; the rest is for people.
for verdict, what, detail in verdicts:
    print(f"{verdict}  {what}: {detail}")
print(f"PROBE {json.dumps({'held': sum(v[0] == 'held' for v in verdicts), 'open': [v[1] for v in verdicts if v[0] != 'held']})}")
sys.stdout.flush()
