// ioredis against a running cluster: node ioredis.mjs plain|cluster|sentinel PRIMARY FOLLOWER...
import assert from 'node:assert/strict';
import { binary, load, main, reconnect, split, writeThroughFailover } from './failover.mjs';

const { Redis, Cluster } = load('ioredis');

async function checkStrings(client, key) {
  assert.equal(await client.set(key('a'), '1'), 'OK');
  assert.equal(await client.get(key('a')), '1');
  assert.equal(await client.get(key('nothing')), null);
  assert.equal(await client.set(key('a'), '2', 'NX'), null);
  assert.equal(await client.set(key('a'), '2', 'XX', 'GET'), '1');
  assert.equal(await client.set(key('blob'), binary), 'OK');
  assert.deepEqual(await client.getBuffer(key('blob')), binary);
  assert.equal(await client.strlen(key('blob')), binary.length);
  assert.equal(await client.append(key('text'), 'Hello '), 6);
  assert.equal(await client.append(key('text'), 'Wörld'), 12);
  assert.equal(await client.getrange(key('text'), 0, 4), 'Hello');
  assert.equal(await client.getdel(key('text')), 'Hello Wörld');
  assert.equal(await client.exists(key('text'), key('a')), 1);
  assert.equal(await client.del(key('text'), key('blob')), 1);
}

async function checkNumbers(client, key) {
  assert.equal(await client.incr(key('n')), 1);
  assert.equal(await client.incrby(key('n'), 41), 42);
  assert.equal(await client.incrbyfloat(key('n'), 0.5), '42.5');
  await client.set(key('words'), 'not a number');
  await assert.rejects(client.incr(key('words')), /^ReplyError: ERR value is not an integer/);
  await assert.rejects(client.call('GET', key('a'), 'b'), /wrong number of arguments/);
}

async function checkExpiry(client, key) {
  assert.equal(await client.setex(key('brief'), 100, 'v'), 'OK');
  assert.ok((await client.ttl(key('brief'))) > 98);
  assert.equal(await client.persist(key('brief')), 1);
  assert.equal(await client.ttl(key('brief')), -1);
  assert.equal(await client.expire(key('brief'), 50), 1);
  assert.ok((await client.pttl(key('brief'))) > 48_000);
  assert.equal(await client.ttl(key('nothing')), -2);
  await client.set(key('gone'), 'v', 'PX', 1);
  while ((await client.get(key('gone'))) !== null);
}

async function checkMany(client, key) {
  const names = Array.from({ length: 10 }, (_, i) => key(`m${i}`));
  assert.equal(await client.mset(Object.fromEntries(names.map((name, i) => [name, i]))), 'OK');
  assert.deepEqual(await client.mget(...names, key('nothing')), [...'0123456789', null]);
  assert.equal(await client.msetnx(names[1], 'x', key('fresh'), 'x'), 0);
  const pipeline = client.pipeline();
  for (let i = 0; i < 100; ++i) pipeline.set(key(`p${i}`), i).incr(key(`p${i}`));
  const replies = await pipeline.exec();
  assert.deepEqual(replies.filter((_, i) => i % 2), Array.from({ length: 100 }, (_, i) => [null, i + 1]));
  assert.deepEqual(await client.multi().set(key('t'), 1).incr(key('t')).exec(), [[null, 'OK'], [null, 2]]);
}

async function scan(node, pattern) {
  const found = new Set();
  for await (const keys of node.scanStream({ match: pattern, count: 3 })) {
    keys.forEach((name) => found.add(name));
  }
  return found;
}

async function check(client, face) {
  const key = (name) => `{${face}}${name}`;
  for (const part of [checkStrings, checkNumbers, checkExpiry, checkMany]) await part(client, key);
  const node = face === 'cluster' ? client.nodes('master')[0] : client;
  assert.equal((await scan(node, key('m?'))).size, 10);
  if (face !== 'cluster') await checkWatch(client, key);
}

async function checkWatch(client, key) {
  assert.equal(await client.echo('hello'), 'hello');
  await client.watch(key('t'));
  assert.deepEqual(await client.multi().set(key('t'), 20).exec(), [[null, 'OK']]);
  await client.watch(key('t'));
  const other = client.duplicate();
  await other.set(key('t'), 'by another');
  other.disconnect();
  assert.equal(await client.multi().set(key('t'), 'lost').exec(), null);
  assert.equal(await client.get(key('t')), 'by another');
}

async function checkFollower(primary, follower) {
  const moved = new RegExp(`MOVED 15495 ${primary}`);
  const refused = new Redis(split(follower));
  await assert.rejects(refused.get('a'), moved);
  refused.disconnect();
  const reading = new Redis({ ...split(follower), readOnly: true });
  while ((await reading.get('{plain}a')) !== '2');
  await assert.rejects(reading.set('a', '1'), moved);
  reading.disconnect();
}

await main({
  async plain([primary, follower]) {
    const client = new Redis(split(primary));
    client.on('error', () => {});
    await check(client, 'plain');
    await checkFollower(primary, follower);
    await reconnect(client);
  },
  async cluster(addresses) {
    const client = new Cluster(addresses.map(split));
    client.on('error', () => {});
    await check(client, 'cluster');
    assert.equal(client.nodes('all').length, addresses.length);
    assert.equal(client.nodes('master').length, 1);
    await writeThroughFailover(client);
  },
  async sentinel(addresses) {
    const client = new Redis({ sentinels: addresses.map(split), name: 'mymaster' });
    client.on('error', () => {});
    await check(client, 'sentinel');
    await writeThroughFailover(client);
  },
});
