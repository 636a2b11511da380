// A short run of the durability test on both databases; bench/kill.sh runs the long one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { killRounds } from './kill.mjs';
import { freshDatabase } from './lib/server.mjs';

const rounds = 8;
const admin = process.env.GATEHOUSE_TEST_POSTGRES;

async function loses(database) {
  const { lost, written, sessions, end } = await killRounds(rounds, database);
  assert.deepEqual(lost, []);
  assert.ok(sessions > 0, 'somebody signed in');
  assert.ok(written > rounds, `${written} writes were acknowledged`);
  assert.deepEqual(end, { code: 0, signal: null });
}

describe('kill -9 during writes', () => {
  test('R01 loses nothing that was acknowledged, on SQLite', () => loses(undefined));
  test('R03 loses nothing that was acknowledged, on PostgreSQL', { skip: admin ? false : 'GATEHOUSE_TEST_POSTGRES is not set' }, () => loses(freshDatabase(admin, 'kill')));
});
