"""redis-py against a running cluster: redis_py.py plain|cluster|sentinel PRIMARY FOLLOWER...

Addresses are host:port. Checks a sample of commands, then prints "ready". From there on it goes on
working while the test kills (plain: and restarts) the primary, and says so with a line on stdin.
"""
import collections
import faulthandler
import functools
import logging
import sys
import threading
import time

import redis
from redis.cluster import ClusterNode, RedisCluster
from redis.sentinel import Sentinel

LIMIT_SECONDS = 60
WRITES_AFTER_THE_KILL = 100
FAILURES = (redis.RedisError, redis.exceptions.RedisClusterException)
BINARY = bytes(range(256)) + b"\r\n$5\r\n"


def split(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


def plain(addresses):
    host, port = split(addresses[0])
    return redis.Redis(host, port, socket_timeout=5)


def cluster(addresses):
    nodes = [ClusterNode(*split(address)) for address in addresses]
    return RedisCluster(startup_nodes=nodes, socket_timeout=5)


def sentinel(addresses):
    watchers = Sentinel([split(address) for address in addresses], socket_timeout=1)
    return watchers.master_for("mymaster", socket_timeout=5)


def fails(expected, action):
    try:
        action()
    except redis.ResponseError as error:
        assert expected in str(error), error
        return
    raise AssertionError(f"no error; expected {expected}")


def check_strings(client, name):
    assert client.ping() is True
    assert client.set(name("a"), "1") is True
    assert client.get(name("a")) == b"1"
    assert client.get(name("nothing")) is None
    assert client.set(name("a"), "2", nx=True) is None
    assert client.set(name("a"), "2", xx=True, get=True) == b"1"
    assert client.set(name("blob"), BINARY) is True
    assert client.get(name("blob")) == BINARY
    assert client.strlen(name("blob")) == len(BINARY)
    assert client.set(name("empty"), "") is True
    assert client.get(name("empty")) == b""
    assert client.append(name("text"), "Hello ") == 6
    assert client.append(name("text"), "World") == 11
    assert client.getrange(name("text"), 0, 4) == b"Hello"
    assert client.setrange(name("text"), 6, "Redis") == 11
    assert client.getset(name("text"), "new") == b"Hello Redis"
    assert client.getdel(name("text")) == b"new"
    assert client.exists(name("text")) == 0
    assert client.setnx(name("text"), "x") is True
    assert client.delete(name("text"), name("nothing")) == 1
    assert client.type(name("a")) == b"string"


def check_numbers(client, name):
    assert client.incr(name("n")) == 1
    assert client.incrby(name("n"), 41) == 42
    assert client.decr(name("n")) == 41
    assert client.incrbyfloat(name("n"), 0.5) == 41.5
    client.set(name("words"), "not a number")
    fails("not an integer", lambda: client.incr(name("words")))
    fails("wrong number of arguments", lambda: client.execute_command("GET", name("a"), "b"))


def check_expiry(client, name):
    assert client.setex(name("brief"), 100, "v") is True
    assert 98 <= client.ttl(name("brief")) <= 100
    assert client.persist(name("brief")) is True
    assert client.ttl(name("brief")) == -1
    assert client.expire(name("brief"), 50) is True
    assert 48_000 <= client.pttl(name("brief")) <= 50_000
    assert client.expire(name("nothing"), 50) is False
    assert client.ttl(name("nothing")) == -2
    assert client.set(name("gone"), "v", px=1) is True
    while client.get(name("gone")) is not None:
        pass
    assert client.getex(name("brief"), persist=True) == b"v"


def check_many(client, name):
    values = {name(f"m{i}"): str(i) for i in range(10)}
    assert client.mset(values) is True
    assert client.mget([*values, name("nothing")]) == [b"%d" % i for i in range(10)] + [None]
    assert client.msetnx({name("m1"): "x", name("fresh"): "x"}) is False
    found = set(client.scan_iter(match=name("m?"), count=3))
    assert found == {key.encode() for key in values}, found
    assert set(client.keys(name("m?"))) == found
    pipeline = client.pipeline(transaction=False) if not clustered(client) else client.pipeline()
    for i in range(100):
        pipeline.set(name(f"p{i}"), i).incr(name(f"p{i}"))
    assert pipeline.execute()[1::2] == list(range(1, 101))
    assert client.dbsize() >= 110


def clustered(client):
    return isinstance(client, RedisCluster)


def check_transactions(client, name):
    assert client.echo("hello") == b"hello"
    fails("unknown command", lambda: client.execute_command("NOSUCHCOMMAND", name("a")))
    transaction = client.pipeline()
    assert transaction.set(name("t"), 1).incr(name("t")).execute() == [True, 2]
    with client.pipeline() as watching:
        watching.watch(name("t"))
        before = int(watching.get(name("t")))
        watching.multi()
        watching.set(name("t"), before * 10)
        assert watching.execute() == [True]
    with client.pipeline() as disturbed:
        disturbed.watch(name("t"))
        client.set(name("t"), "by another")
        disturbed.multi()
        disturbed.set(name("t"), "lost")
        try:
            disturbed.execute()
            raise AssertionError("the transaction did not see the other write")
        except redis.WatchError:
            pass
    assert client.get(name("t")) == b"by another"


def check_cluster(client, addresses):
    assert client.mset_nonatomic({f"over:{i}": i for i in range(20)})
    assert client.mget_nonatomic([f"over:{i}" for i in range(20)]) == [b"%d" % i for i in range(20)]
    assert client.cluster_info(target_nodes=client.get_random_node())["cluster_state"] == "ok"
    names = {node.name for node in client.get_nodes()}
    assert names == set(addresses), names
    assert [node.name for node in client.get_primaries()] == [addresses[0]]


def check_sentinel(client, addresses):
    assert client.role()[0] == b"master"
    watcher = redis.Redis(*split(addresses[-1]))
    assert watcher.sentinel_master("mymaster")["num-slaves"] == len(addresses) - 1
    assert len(watcher.sentinel_slaves("mymaster")) == len(addresses) - 1
    assert len(watcher.sentinel_sentinels("mymaster")) == len(addresses) - 1
    assert client.info("replication")["role"] == "master"


def check_follower(addresses):
    """What a plain client meets on a follower: a redirection, or its own data after READONLY."""
    host, port = split(addresses[1])
    follower = redis.Redis(host, port, socket_timeout=5, single_connection_client=True)
    fails(f"MOVED 15495 {addresses[0]}", lambda: follower.get("a"))
    assert follower.readonly() is True
    while follower.get("{plain}a") != b"2":
        pass
    fails(f"MOVED 15495 {addresses[0]}", lambda: follower.set("a", "1"))


class Notice:
    """True from the moment on when the test has written a line."""

    def __init__(self):
        self.came = False
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self):
        sys.stdin.readline()
        self.came = True


class Session:
    """The client that the test goes on with, whatever errors a failover causes meanwhile."""

    def __init__(self, connect):
        self._connect = connect
        self._client = connect()
        self.errors = collections.Counter()

    def attempt(self, action):
        """Whether `action`, called with the client, went well."""
        try:
            action(self._client)
            return True
        except FAILURES as error:
            self.errors[repr(error)] += 1
            if isinstance(error, redis.exceptions.RedisClusterException):
                self._replace()
            time.sleep(0.02)
            return False

    def _replace(self):
        """redis-py 4.3 can't refresh its map of the cluster after a node has died; a new client can."""
        try:
            self._client = self._connect()
        except FAILURES as error:
            self.errors[repr(error)] += 1


def expect_value(client, key, value):
    found = client.get(key)
    assert found == value, f"{key} was acknowledged as {value} and is now {found}"


def write_through_failover(connect):
    session = Session(connect)
    notice = Notice()
    acknowledged = []
    after = 0
    number = 0
    while after < WRITES_AFTER_THE_KILL:
        number += 1
        counts = notice.came
        if not session.attempt(lambda client: client.set(f"count:{number}", number)):
            continue
        acknowledged.append(number)
        after += counts
        if len(acknowledged) == 10:
            print("ready", flush=True)
    for number in acknowledged:
        check = functools.partial(expect_value, key=f"count:{number}", value=b"%d" % number)
        while not session.attempt(check):
            pass
    print(f"{len(acknowledged)} of {number} writes acknowledged, none lost", *session.errors.items())


def reconnect(client):
    """A plain client knows one address only: it goes on when that node is back."""
    print("ready", flush=True)
    sys.stdin.readline()
    session = Session(lambda: client)
    while not session.attempt(lambda same: same.ping()):
        pass
    print("reconnected", *session.errors.items())


def main():
    faulthandler.dump_traceback_later(LIMIT_SECONDS, exit=True)
    logging.disable()  # redis-py logs every redirection as an error
    face, addresses = sys.argv[1], sys.argv[2:]
    faces = {"plain": plain, "cluster": cluster, "sentinel": sentinel}
    connect = functools.partial(faces[face], addresses)
    client = connect()

    def name(key):
        return "{" + face + "}" + key

    for check in (check_strings, check_numbers, check_expiry, check_many):
        check(client, name)
    if clustered(client):
        check_cluster(client, addresses)
    else:
        check_transactions(client, name)
    if face == "sentinel":
        check_sentinel(client, addresses)
    if face == "plain":
        check_follower(addresses)
        reconnect(client)
    else:
        write_through_failover(connect)


main()
