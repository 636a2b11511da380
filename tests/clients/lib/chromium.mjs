// Chromium that trusts the server's CA, and what every page has to be: sound for axe, and no wider than the window.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env.GATEHOUSE_PICTURES;

export const looks = [['light', {}], ['dark', { colorScheme: 'dark' }], ['narrow', { viewport: { width: 320, height: 640 } }]];

/** Waits as long as a busy machine takes to draw a page. */
export function patient(context) {
  context.setDefaultTimeout(90_000);
  return context;
}

/** The browser and `close()`, which removes its home too. */
export async function launch(server) {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-pages-'));
  const store = join(home, '.pki', 'nssdb');
  mkdirSync(store, { recursive: true });
  execFileSync('certutil', ['-N', '-d', `sql:${store}`, '--empty-password']);
  execFileSync('certutil', ['-A', '-d', `sql:${store}`, '-n', 'gatehouse', '-t', 'C,,', '-i', server.ready.ca]);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    env: { ...process.env, HOME: home },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return {
    browser,
    /** A tab of its own. axe is evaluated in the page, which lets no script in but its own. */
    tab: async (options = {}) => patient(await browser.newContext({ bypassCSP: true, ...options })).newPage(),
    close: async () => {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Nothing serious for those who use a keyboard or a reader, and nothing to scroll for sideways. */
export async function sound(page, name) {
  await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
  assert.deepEqual(serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`), [], name);
  assert.doesNotMatch(await page.locator('main, body').first().innerText(), /undefined|\[object/, name);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} sticks out sideways`);
}

/** Waits until a code stays what it is for a while: typed at the end of its half minute, it is another's by the time it arrives. */
export async function steady(seconds = 12) {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < seconds * 1000) await new Promise((done) => setTimeout(done, left + 100));
}

/** The code that an authenticator app shows (RFC 6238). */
export function totp(secret, at = Date.now()) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const hash = createHmac('sha1', key).update(counter).digest();
  return String((hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}
