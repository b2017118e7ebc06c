// What the Node clients' scripts share. Both print "ready" after their checks and go on working while
// the test kills (plain: and restarts) the primary, which it says with a line on stdin.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const LIMIT_SECONDS = 60;
const WRITES_AFTER_THE_KILL = 100;
const WRITES_AT_ONCE = 8;

/** A package from the folder that KV_NODE_MODULES names. */
export const load = (name) => createRequire(`${process.env.KV_NODE_MODULES}/`)(name);

export const binary = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('\r\n$5\r\n'),
]);

export function split(address) {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

let noticed = false;
const notice = new Promise((resolve) => {
  process.stdin.once('data', () => {
    noticed = true;
    resolve();
  });
});

class Errors {
  #counts = new Map();
  add(error) {
    this.#counts.set(`${error}`, (this.#counts.get(`${error}`) ?? 0) + 1);
  }
  toString() {
    return [...this.#counts].map(([text, count]) => `${count} x ${text}`).join('; ');
  }
}

/** The value of `action`, which is repeated after the errors that a failover causes. */
async function retried(action, errors) {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      errors.add(error);
      await pause(20);
    }
  }
}

/** Unique keys, several writes at once, until enough of them are acknowledged after the kill. */
export async function writeThroughFailover(client) {
  const errors = new Errors();
  const acknowledged = [];
  let after = 0;
  let number = 0;
  const write = async () => {
    const mine = ++number;
    const counts = noticed;
    try {
      await client.set(`count:${mine}`, `${mine}`);
      acknowledged.push(mine);
      if (counts) ++after;
    } catch (error) {
      errors.add(error);
      await pause(20);
    }
  };
  for (let round = 1; after < WRITES_AFTER_THE_KILL; ++round) {
    await Promise.all(Array.from({ length: WRITES_AT_ONCE }, write));
    if (round === 5) console.log('ready');
  }
  for (const mine of acknowledged) {
    assert.equal(await retried(() => client.get(`count:${mine}`), errors), `${mine}`);
  }
  console.log(`${acknowledged.length} of ${number} writes acknowledged, none lost; ${errors}`);
}

/** A plain client knows one address only: it goes on by itself when that node is back. */
export async function reconnect(client) {
  const errors = new Errors();
  console.log('ready');
  await notice;
  assert.equal(await retried(() => client.ping(), errors), 'PONG');
  console.log(`reconnected; ${errors}`);
}

/** Runs what the first argument names, with the addresses: primary first, then the followers. */
export async function main(faces) {
  setTimeout(() => {
    console.error(`gave up after ${LIMIT_SECONDS} s`);
    process.exit(1);
  }, LIMIT_SECONDS * 1000).unref();
  const [face, ...addresses] = process.argv.slice(2);
  try {
    await faces[face](addresses);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
  process.exit(0);
}
