// node-redis against a running cluster: node node_redis.mjs plain|cluster|sentinel PRIMARY FOLLOWER...
import assert from 'node:assert/strict';
import { binary, load, main, reconnect, split, writeThroughFailover } from './failover.mjs';

const { createClient, createCluster, createSentinel, RESP_TYPES, WatchError } = load('redis');

async function checkStrings(client, key) {
  assert.equal(await client.set(key('a'), '1'), 'OK');
  assert.equal(await client.get(key('a')), '1');
  assert.equal(await client.get(key('nothing')), null);
  assert.equal(await client.set(key('a'), '2', { condition: 'NX' }), null);
  assert.equal(await client.set(key('a'), '2', { condition: 'XX', GET: true }), '1');
  assert.equal(await client.set(key('blob'), binary), 'OK');
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  assert.deepEqual(await buffers.get(key('blob')), binary);
  assert.equal(await client.strLen(key('blob')), binary.length);
  assert.equal(await client.append(key('text'), 'Hello '), 6);
  assert.equal(await client.append(key('text'), 'Wörld'), 12);
  assert.equal(await client.getRange(key('text'), 0, 4), 'Hello');
  assert.equal(await client.getDel(key('text')), 'Hello Wörld');
  assert.equal(await client.exists([key('text'), key('a')]), 1);
  assert.equal(await client.del([key('text'), key('blob')]), 1);
}

async function checkNumbers(client, key) {
  assert.equal(await client.incr(key('n')), 1);
  assert.equal(await client.incrBy(key('n'), 41), 42);
  assert.equal(await client.incrByFloat(key('n'), 0.5), '42.5');
  await client.set(key('words'), 'not a number');
  await assert.rejects(client.incr(key('words')), /ERR value is not an integer/);
}

async function checkExpiry(client, key) {
  assert.equal(await client.setEx(key('brief'), 100, 'v'), 'OK');
  assert.ok((await client.ttl(key('brief'))) > 98);
  assert.equal(await client.persist(key('brief')), 1);
  assert.equal(await client.ttl(key('brief')), -1);
  assert.equal(await client.expire(key('brief'), 50), 1);
  assert.ok((await client.pTTL(key('brief'))) > 48_000);
  assert.equal(await client.ttl(key('nothing')), -2);
  await client.set(key('gone'), 'v', { expiration: { type: 'PX', value: 1 } });
  while ((await client.get(key('gone'))) !== null);
}

async function checkMany(client, key) {
  const names = Array.from({ length: 10 }, (_, i) => key(`m${i}`));
  assert.equal(await client.mSet(names.map((name, i) => [name, `${i}`])), 'OK');
  assert.deepEqual(await client.mGet([...names, key('nothing')]), [...'0123456789', null]);
  assert.equal(await client.mSetNX([[names[1], 'x'], [key('fresh'), 'x']]), 0);
  // What is written in one turn of the event loop is one pipeline.
  const counts = await Promise.all(Array.from({ length: 100 }, (_, i) => client.incr(key(`p${i}`))));
  assert.deepEqual(counts, Array(100).fill(1));
  assert.deepEqual(await client.multi().set(key('t'), '1').incr(key('t')).exec(), ['OK', 2]);
}

async function scan(node, pattern) {
  const found = new Set();
  for await (const keys of node.scanIterator({ MATCH: pattern, COUNT: 3 })) {
    keys.forEach((name) => found.add(name));
  }
  return found;
}

async function check(client, face) {
  const key = (name) => `{${face}}${name}`;
  for (const part of [checkStrings, checkNumbers, checkExpiry, checkMany]) await part(client, key);
  return key;
}

async function checkWatch(client, key) {
  assert.equal(await client.echo('hello'), 'hello');
  await client.watch(key('t'));
  assert.deepEqual(await client.multi().set(key('t'), '20').exec(), ['OK']);
  await client.watch(key('t'));
  const other = await client.duplicate().connect();
  await other.set(key('t'), 'by another');
  await other.close();
  await assert.rejects(client.multi().set(key('t'), 'lost').exec(), WatchError);
  assert.equal(await client.get(key('t')), 'by another');
}

async function checkFollower(primary, follower) {
  const moved = new RegExp(`MOVED 15495 ${primary}`);
  const refused = await createClient({ url: `redis://${follower}` }).connect();
  await assert.rejects(refused.get('a'), moved);
  await refused.close();
  const reading = await createClient({ url: `redis://${follower}`, readonly: true }).connect();
  while ((await reading.get('{plain}a')) !== '2');
  await assert.rejects(reading.set('a', '1'), moved);
  await reading.close();
}

await main({
  async plain([primary, follower]) {
    const client = createClient({ url: `redis://${primary}` });
    client.on('error', () => {});
    await client.connect();
    const key = await check(client, 'plain');
    assert.equal((await scan(client, key('m?'))).size, 10);
    await checkWatch(client, key);
    await checkFollower(primary, follower);
    await reconnect(client);
  },
  async cluster(addresses) {
    const client = createCluster({
      rootNodes: addresses.map((address) => ({ url: `redis://${address}` })),
      // After how many ms without its node the client asks another one who the primary is: 5000
      // if nothing is said.
      topologyRefreshOnReconnectionAttemptStrategy: 500,
    });
    client.on('error', () => {});
    await client.connect();
    const key = await check(client, 'cluster');
    assert.equal(client.masters.length, 1);
    assert.equal((await scan(await client.nodeClient(client.masters[0]), key('m?'))).size, 10);
    await writeThroughFailover(client);
  },
  async sentinel(addresses) {
    const client = createSentinel({ name: 'mymaster', sentinelRootNodes: addresses.map(split) });
    client.on('error', () => {});
    await client.connect();
    await check(client, 'sentinel');
    await writeThroughFailover(client);
  },
});
