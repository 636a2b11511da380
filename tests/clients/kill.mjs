// kill -9 at random moments while the APIs write and people sign in; after each restart everything that was acknowledged must be there.
//   node kill.mjs [ROUNDS] [postgres://...]
import { randomInt } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

/** Runs the rounds on a fresh server; `database` is a postgres URL, or nothing for SQLite. */
export async function killRounds(rounds, database, say = () => {}) {
  const server = await Gatehouse.start({ database });
  const journal = { users: new Map(), policies: new Map(), sessions: [] };
  const result = { rounds, written: 0, lost: [], starts: [] };
  const alice = await server.user('alice');
  const app = await server.publish('durable', 'http://127.0.0.1:9', [{ name: 'first', decision: 'allow', precedence: 1, include: [{ everyone: {} }] }]);

  /** Writes until the server is gone; what was answered goes into the journal. */
  async function write(round, worker) {
    for (let n = 0; ; n++) {
      const name = `u-${round}-${worker}-${n}`;
      try {
        if (worker === 0) {
          const user = await server.v3('POST', '/core/users/', { username: name, name });
          journal.users.set(name, user.pk);
        } else if (worker === 1) {
          const policy = await server.v4('POST', '/access/policies', { name, decision: 'allow', include: [{ email: { email: `${name}@example.com` } }] });
          journal.policies.set(policy.id, name);
        } else {
          const browser = new Browser();
          const at = await browser.go(app.url, { until: (url) => url.includes('/if/flow/') });
          await browser.go(await browser.signIn(at.url, 'alice', alice.password));
          const token = await browser.cookie(app.url, 'CF_Authorization');
          if (token) journal.sessions.push(token.value);
        }
        result.written++;
      } catch {
        return; // the server died in the middle of this one: not acknowledged, so not in the journal
      }
    }
  }

  async function check() {
    const found = new Set();
    for (let page = 1, pages = 1; page <= pages; page++) {
      const answer = await server.v3('GET', `/core/users/?page_size=100&page=${page}`);
      pages = answer.pagination.total_pages;
      for (const user of answer.results) found.add(user.username);
    }
    for (const name of journal.users.keys()) if (!found.has(name)) result.lost.push(`user ${name}`);
    const policies = new Map();
    for (let page = 1; ; page++) {
      const some = await server.v4('GET', `/access/policies?per_page=100&page=${page}`);
      if (some.length === 0) break;
      for (const policy of some) policies.set(policy.id, policy.name);
    }
    for (const [id, name] of journal.policies) if (policies.get(id) !== name) result.lost.push(`policy ${name}`);
    for (const token of journal.sessions.slice(-3)) {
      const response = await fetch(`${app.url}/cdn-cgi/access/get-identity`, { headers: { cookie: `CF_Authorization=${token}` } });
      if (response.status !== 200) result.lost.push(`a session: ${response.status}`);
    }
  }

  for (let round = 1; round <= rounds; round++) {
    const writers = [0, 1, 2].map((worker) => write(round, worker));
    // Every third round lasts until somebody has signed in, however slow the machine is.
    const before = journal.sessions.length;
    for (let n = 0; n < 300 && round % 3 === 0 && journal.sessions.length === before; n++) await new Promise((done) => setTimeout(done, 50));
    await new Promise((done) => setTimeout(done, randomInt(20, 400)));
    await server.kill();
    await Promise.all(writers);
    const began = performance.now();
    await server.launch();
    result.starts.push(performance.now() - began);
    await check();
    if (round % 20 === 0) say(`${round} of ${rounds} rounds, ${result.written} writes acknowledged, ${result.lost.length} lost`);
  }

  result.end = await server.stop();
  result.users = journal.users.size;
  result.policies = journal.policies.size;
  result.sessions = journal.sessions.length;
  return result;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await killRounds(Number(process.argv[2] ?? 200), process.argv[3], console.error);
  const starts = [...result.starts].sort((a, b) => a - b);
  const at = (part) => Math.round(starts[Math.floor((starts.length - 1) * part)]);
  for (const lost of result.lost) console.error(`lost: ${lost}`);
  console.log(`${result.rounds} kills, ${result.written} acknowledged writes (${result.users} users, ${result.policies} policies, ${result.sessions} sign-ins), ` +
    `${result.lost.length} lost; ready again after p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  process.exit(result.lost.length === 0 ? 0 : 1);
}
