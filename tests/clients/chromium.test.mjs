// Guide 1 in a real browser that trusts nothing but the CA it was given: from the app's address to the page, and on to get-identity.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, patient } from './lib/chromium.mjs';
import { Gatehouse } from './lib/server.mjs';

const pictures = process.env.GATEHOUSE_PICTURES;
let server, mallory, chrome;

before(async () => {
  server = await Gatehouse.start({ demo: true });
  mallory = await server.user('mallory', { email: 'mallory@evil.example' });
  chrome = await launch(server);
});
after(async () => {
  await chrome?.close();
  await server?.stop();
});

async function tab(options) {
  const context = patient(await chrome.browser.newContext(options));
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
  page.on('pageerror', (error) => faults.push(String(error)));
  return { page, faults };
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function signIn(page, username, password) {
  await page.waitForURL(/\/if\/flow\/default-authentication-flow\//);
  await page.getByLabel(/username|email/i).fill(username);
  await picture(page, `sign-in-${username}`);
  await page.keyboard.press('Enter');
  const field = page.locator('input[type=password]');
  await field.fill(password);
  await picture(page, `password-${username}`);
  await page.keyboard.press('Enter');
}

describe('Chromium', () => {
  test('guide 1: ada signs in at Authentik, sees whoami and her identity', async () => {
    const { page, faults } = await tab();
    const { app, user, password } = server.ready.demo;
    await page.goto(`${app}/?from=guide#top`);
    await signIn(page, user, password);
    await page.waitForURL(`${app}/?from=guide*`);
    await page.getByText('ada@example.com').first().waitFor();
    assert.match(await page.locator('body').innerText(), /verified/i);
    await picture(page, 'whoami');

    const identity = await page.goto(`${app}/cdn-cgi/access/get-identity`);
    assert.equal((await identity.json()).email, 'ada@example.com');
    assert.deepEqual(faults, []);
  });

  test('guide 1: somebody whom no policy admits sees why to ask, and a decision id that explain knows', async () => {
    const { page } = await tab();
    const response = page.waitForResponse((answer) => answer.status() === 403);
    await page.goto(server.ready.demo.app);
    await signIn(page, 'mallory', mallory.password);
    await response;
    const text = await page.locator('body').innerText();
    await picture(page, 'denied');
    const id = text.match(/\b[0-9a-f]{16}\b/)?.[0];
    assert.ok(id, text);
    const explained = execFileSync(process.env.GATEHOUSE_BINARY, ['explain', id, '--data', server.data], { encoding: 'utf8' });
    assert.match(explained, /mallory@evil\.example/);
    assert.match(explained, /example\.com/);
  });

  test('a wrong password says so, keeps the page usable and tells nothing about the user', async () => {
    const texts = [];
    for (const name of ['ada', 'nobody-here']) {
      const { page } = await tab();
      await page.goto(server.ready.demo.app);
      await signIn(page, name, 'wrong password');
      const alert = page.locator('[role=alert]').filter({ hasText: /\S/ }).first();
      await alert.waitFor();
      texts.push(await alert.innerText());
      await picture(page, `wrong-password-${name}`);
    }

    assert.equal(texts[0], texts[1]);
  });

  test('front-channel logout: the flow and the end-session page load the address of the application in a frame', async () => {
    const asked = [];
    const party = createServer((request, response) => {
      asked.push(request.url);
      response.setHeader('content-type', 'text/html').end('<title>party</title>');
    });
    await new Promise((done) => party.listen(0, '127.0.0.1', done));
    const at = `http://127.0.0.1:${party.address().port}`;
    try {
      const { client_id: id } = await server.provider('front', {
        redirect_uris: [{ matching_mode: 'strict', url: `${at}/cb` }], logout_uri: `${at}/front`, logout_method: 'frontchannel',
      });
      const { page, faults } = await tab();
      const { user, password } = server.ready.demo;
      const query = new URLSearchParams({ client_id: id, redirect_uri: `${at}/cb`, response_type: 'code', scope: 'openid' });
      const framed = () => asked.filter((url) => url.startsWith('/front?')).map((url) => new URLSearchParams(url.split('?')[1]));
      const ends = {
        flow: () => page.goto(`${server.urls.identity}/if/flow/default-invalidation-flow/?next=/`),
        question: async () => {
          await page.goto(`${server.urls.identity}/application/o/front/end-session/`);
          await page.getByRole('button', { name: 'Sign out of everything' }).click();
          await page.getByRole('heading', { name: 'You’ve logged out of front' }).waitFor();
        },
      };
      for (const [name, end] of Object.entries(ends)) {
        asked.length = 0;
        await page.goto(`${server.urls.identity}/application/o/authorize/?${query}`);
        await signIn(page, user, password);
        await page.waitForURL(`${at}/cb?*`);
        await end();
        for (let n = 0; framed().length === 0 && n < 100; n++) await new Promise((done) => setTimeout(done, 50));
        assert.equal(framed().length, 1, name);
        assert.equal(framed()[0].get('iss'), `${server.urls.identity}/application/o/front/`);
        assert.match(framed()[0].get('sid'), /^[0-9a-f]{64}$/);
        if (name === 'flow') await page.waitForURL(/default-authentication-flow/);
      }

      assert.deepEqual(faults, []);
    } finally {
      party.close();
      party.closeAllConnections();
    }
  });

  test('a login page of the administrator\'s own leads on from its sandbox, and back to the app', async () => {
    const origin = createServer((request, response) => response.end('<p>inside</p>'));
    await new Promise((done) => origin.listen(0, '127.0.0.1', done));
    try {
      const own = await server.v4('POST', '/access/custom_pages', { name: 'in', type: 'login', custom_html: '<h1>Welcome to {{AppName}}</h1><script>document.title = "ran"</script>{{LoginMethods}}' });
      const rules = [{ name: 'all', decision: 'allow', precedence: 1, include: [{ everyone: {} }] }];
      const app = await server.publish('own-page', `http://127.0.0.1:${origin.address().port}`, rules, { auto_redirect_to_identity: false, custom_pages: [own.uid] });
      const { page } = await tab();
      await page.goto(`${app.url}/deep`);
      await page.getByRole('heading', { name: 'Welcome to own-page' }).waitFor();
      assert.notEqual(await page.title(), 'ran');
      await page.locator('a.login-method').first().click();
      await signIn(page, server.ready.demo.user, server.ready.demo.password);
      await page.getByText('inside').waitFor();
      assert.equal(page.url(), `${app.url}/deep`);
    } finally {
      origin.close();
      origin.closeAllConnections();
    }
  });

  for (const [name, options] of [['dark', { colorScheme: 'dark' }], ['narrow', { viewport: { width: 320, height: 640 } }]]) {
    test(`the sign-in page stands ${name}`, async () => {
      const { page } = await tab(options);
      await page.goto(server.ready.demo.app);
      await page.waitForURL(/\/if\/flow\//);
      await page.locator('input').first().waitFor();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing sticks out sideways');
      await picture(page, `sign-in-${name}`);
    });
  }
});
