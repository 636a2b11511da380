// Checks 26 to 29 and 32 to 34 (second-factor.test.mjs has 30 and 31), recovery by a real mail server and by an administrator's link, over HTTPS with a cookie jar.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser } from './lib/browser.mjs';
import { Run as AnyRun, code } from './lib/run.mjs';
import { Gatehouse } from './lib/server.mjs';
import { MailServer } from './lib/smtp.mjs';

const LOGIN = 'default-authentication-flow';
const CHOSEN = 'a whole new phrase';
let server, mail, alice;

before(async () => {
  mail = await MailServer.start();
  process.env.GATEHOUSE_SMTP_HOST = '127.0.0.1';
  process.env.GATEHOUSE_SMTP_PORT = String(mail.port);
  process.env.GATEHOUSE_MAIL_FROM = 'gate@example.com';
  server = await Gatehouse.start();
  alice = await server.user('alice');
});
after(async () => {
  await server?.stop();
  mail?.stop();
});

/** One run of a flow. */
class Run extends AnyRun {
  constructor(...how) {
    super(server, ...how);
  }
}

const prompt = (more) => ({ component: 'ak-stage-prompt', password: CHOSEN, password_repeat: CHOSEN, ...more });

async function logIn(username, password, query = '') {
  const run = new Run(LOGIN, query);
  await run.answer({ component: 'ak-stage-identification', uid_field: username });
  return { run, end: await run.answer({ component: 'ak-stage-password', password }) };
}

/** An enrolment flow laid over the API: what stands before the prompt, then prompt, write, login. */
async function layEnrolment(slug, before = []) {
  const flow = await server.v3('POST', '/flows/instances/', { name: slug, slug, title: 'Join', designation: 'enrollment' });
  const fields = [];
  for (const [key, type, required] of [['username', 'username', true], ['name', 'text', false], ['email', 'email', false], ['password', 'password', true], ['password_repeat', 'password', true]]) {
    fields.push((await server.v3('POST', '/stages/prompt/prompts/', { name: `${slug}-${key}`, field_key: key, label: key, type, required, order: fields.length })).pk);
  }
  const stages = [
    ...before,
    await server.v3('POST', '/stages/prompt/stages/', { name: `${slug}-prompt`, fields }),
    await server.v3('POST', '/stages/user_write/', { name: `${slug}-write`, user_type: 'internal' }),
    await server.v3('POST', '/stages/user_login/', { name: `${slug}-login` }),
  ];
  for (const [order, stage] of stages.entries()) await server.v3('POST', '/flows/bindings/', { target: flow.pk, stage: stage.pk, order });
  return flow;
}

describe('the flow executor', () => {
  test('26: identification', async () => {
    const asked = await new Run(LOGIN, 'next=/if/user/').show();
    assert.equal(asked.component, 'ak-stage-identification');
    assert.deepEqual(asked.user_fields, ['email', 'username']);
    assert.ok(asked.primary_action);
    assert.match(asked.recovery_url, /^\/if\/flow\/default-recovery-flow\//);
  });

  test('27: a name leads on by 302, five wrong passwords to the end', async () => {
    const run = new Run(LOGIN, 'next=/if/user/');
    const taken = await run.post({ component: 'ak-stage-identification', uid_field: 'alice' });
    assert.equal(taken.status, 302);
    await taken.text();
    const asked = await run.show();
    assert.equal(asked.component, 'ak-stage-password');
    assert.equal(asked.pending_user, 'alice');
    for (let n = 0; n < 4; n++) assert.equal(code(await run.answer({ component: 'ak-stage-password', password: 'wrong' }), 'password'), 'invalid');
    assert.equal((await run.answer({ component: 'ak-stage-password', password: 'wrong' })).component, 'ak-stage-access-denied');
  });

  test('28: a name that nobody has goes the same way', async () => {
    const { end } = await logIn('nobody-here', 'wrong');
    assert.equal(end.component, 'ak-stage-password');
    assert.equal(end.pending_user, 'nobody-here');
    assert.equal(code(end, 'password'), 'invalid');
  });

  test('29: the right password leads on and signs in; a foreign next does not', async () => {
    const bob = await server.user('bob');
    const { run, end } = await logIn('bob', bob.password, 'next=/if/user/');
    assert.equal(end.component, 'xak-flow-redirect');
    assert.equal(end.to, '/if/user/');
    const page = await run.browser.fetch(`${server.urls.identity}/if/user/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /Signed in as <strong>bob/);
    assert.equal((await new Run(LOGIN, 'next=https://evil').show()).component, 'ak-stage-access-denied');
  });

  test('32: enrolment by invitation', async () => {
    const gate = await server.v3('POST', '/stages/invitation/stages/', { name: 'invited' });
    const flow = await layEnrolment('invitation-enrollment-flow', [gate]);
    const other = await layEnrolment('other-enrollment-flow', [gate]);
    const invite = (fields) => server.v3('POST', '/stages/invitation/invitations/', { name: 'i', flow: flow.pk, ...fields });
    const once = await invite({ single_use: true, fixed_data: { email: 'carol@example.com', 'attributes.team': 'blue', is_superuser: true } });
    const old = await invite({ expires: '2020-01-01T00:00:00.000Z' });

    for (const [slug, query] of [[flow.slug, ''], [flow.slug, `itoken=${old.pk}`], [other.slug, `itoken=${once.pk}`]]) {
      assert.equal((await new Run(slug, query).show()).component, 'ak-stage-access-denied', `${slug} ${query}`);
    }
    const run = new Run(flow.slug, `itoken=${once.pk}`);
    assert.equal((await run.show()).fields.find((field) => field.field_key === 'email').initial_value, 'carol@example.com');
    assert.equal((await run.answer(prompt({ username: 'carol', email: 'other@evil.example' }))).component, 'xak-flow-redirect');
    const carol = (await server.v3('GET', '/core/users/?username=carol')).results[0];
    assert.equal(carol.email, 'carol@example.com');
    assert.deepEqual(carol.attributes, { team: 'blue' });
    assert.equal(carol.is_superuser, false);
    assert.equal((await new Run(flow.slug, `itoken=${once.pk}`).show()).component, 'ak-stage-access-denied');
  });

  test('32: the invitation comes by mail, to everybody apart', async () => {
    const gate = await server.v3('POST', '/stages/invitation/stages/', { name: 'invited-by-mail' });
    const flow = await layEnrolment('mail-enrollment-flow', [gate]);
    const invitation = await server.v3('POST', '/stages/invitation/invitations/', { name: 'by-mail', flow: flow.pk, single_use: true });
    await server.v3('POST', `/stages/invitation/invitations/${invitation.pk}/send_email/`, { email_addresses: ['kim@example.com'], bcc_addresses: ['lee@example.com'] }, 204);
    const message = await mail.message('kim@example.com');
    assert.ok(!message.includes('lee@example.com'), message);
    assert.match(await mail.message('lee@example.com'), /itoken=/);
    const query = message.match(/\/if\/flow\/mail-enrollment-flow\/\?(itoken=[0-9a-f-]{36})/)[1];
    assert.equal((await new Run(flow.slug, query).answer(prompt({ username: 'kim', email: 'kim@example.com' }))).component, 'xak-flow-redirect');
    assert.equal((await new Run(flow.slug, query).show()).component, 'ak-stage-access-denied');
  });

  test('33: an empty answer advances no stage', async () => {
    const flow = await layEnrolment('open-enrollment-flow', [await server.v3('POST', '/stages/dummy/', { name: 'dummy' })]);
    const runs = [new Run(LOGIN), new Run(flow.slug), new Run('default-recovery-flow')];
    const password = new Run(LOGIN);
    await password.answer({ component: 'ak-stage-identification', uid_field: 'alice' });
    const asked = new Run(flow.slug);
    await asked.answer({ component: 'ak-stage-dummy' });
    const letter = new Run('default-recovery-flow');
    await letter.answer({ component: 'ak-stage-identification', uid_field: 'nobody-here' });
    const seen = [];
    for (const run of [...runs, password, asked, letter]) {
      const before = await run.show();
      seen.push(before.component);
      assert.equal((await run.answer({})).component, before.component);
      assert.equal((await run.show()).component, before.component);
    }
    assert.deepEqual([...new Set(seen)].sort(), ['ak-stage-dummy', 'ak-stage-email', 'ak-stage-identification', 'ak-stage-password', 'ak-stage-prompt']);
  });

  test('34: two tabs with different flows finish apart', async () => {
    const browser = new Browser();
    const dave = await server.user('dave');
    const [login, recovery, again] = [new Run(LOGIN, 'next=/one', browser), new Run('default-recovery-flow', 'next=/two', browser), new Run(LOGIN, 'next=/three', browser)];
    await login.show();
    await recovery.answer({ component: 'ak-stage-identification', uid_field: 'nobody-here' });
    await again.answer({ component: 'ak-stage-identification', uid_field: 'alice' });
    assert.equal((await login.answer({ component: 'ak-stage-identification', uid_field: 'dave' })).pending_user, 'dave');
    assert.equal((await again.show()).pending_user, 'alice');
    assert.equal((await recovery.show()).component, 'ak-stage-email');
    assert.equal((await login.answer({ component: 'ak-stage-password', password: dave.password })).to, '/one');
  });
});

describe('the inspector', () => {
  test('shows an administrator where the run of their own browser stands, and is not there for others', async () => {
    const heidi = await server.user('heidi');
    const { run } = await logIn('akadmin', 'correct horse battery');
    const slug = 'default-password-change';
    const look = (browser, query = '') => browser.fetch(`${server.urls.identity}/api/v3/flows/inspector/${slug}/?query=${encodeURIComponent(query)}`);
    assert.equal((await new Run(slug, 'next=/x', run.browser).show()).component, 'ak-stage-prompt');
    const response = await look(run.browser, 'next=/x');
    assert.equal(response.status, 200);
    const { current_plan: plan, is_completed: isCompleted } = await response.json();
    assert.deepEqual([plan.current_stage.stage_obj.component, plan.next_planned_stage.stage_obj.component, isCompleted], ['ak-stage-prompt-form', 'ak-stage-user-write-form', false]);
    assert.equal((await look((await logIn('heidi', heidi.password)).run.browser)).status, 404);
    assert.equal((await look(new Browser())).status, 403);
  });
});

describe('recovery', () => {
  test('by a message that a real mail server took', async () => {
    const run = new Run('default-recovery-flow', 'next=/if/user/');
    const waiting = await run.answer({ component: 'ak-stage-identification', uid_field: 'alice' });
    assert.equal(code(waiting, 'non_field_errors'), 'email-sent');
    const message = await mail.message('alice@example.com');
    assert.match(message, /From: gate@example\.com/);
    const query = message.match(/\/if\/flow\/default-recovery-flow\/\?(flow_token=[0-9a-f]{64})/)[1];
    const reader = new Run('default-recovery-flow', query);
    assert.equal((await reader.show()).component, 'ak-stage-prompt');
    assert.equal(code(await reader.answer({ component: 'ak-stage-prompt', password: CHOSEN, password_repeat: 'another phrase' }), 'password_repeat'), 'invalid');
    assert.equal((await reader.answer(prompt())).component, 'xak-flow-redirect');
    assert.equal((await logIn('alice', CHOSEN)).end.component, 'xak-flow-redirect');
    assert.notEqual((await logIn('alice', alice.password)).end.component, 'xak-flow-redirect');
    assert.equal((await new Run('default-recovery-flow', query).show()).component, 'ak-stage-access-denied');
  });

  test('by a link of an administrator, and by a message of theirs', async () => {
    const erin = await server.user('erin');
    const { link } = await server.v3('POST', `/core/users/${erin.pk}/recovery/`, {}, 200);
    const url = new URL(link);
    assert.equal(url.pathname, '/if/flow/default-recovery-flow/');
    const run = new Run('default-recovery-flow', url.search.slice(1));
    assert.equal((await run.show()).component, 'ak-stage-prompt');
    assert.equal((await run.answer(prompt())).component, 'xak-flow-redirect');
    assert.equal((await logIn('erin', CHOSEN)).end.component, 'xak-flow-redirect');

    const stage = (await server.v3('GET', '/stages/email/?name=default-recovery-email')).results[0];
    await server.v3('POST', `/core/users/${erin.pk}/recovery_email/`, { email_stage: stage.pk }, 204);
    assert.match(await mail.message('erin@example.com'), /flow_token=[0-9a-f]{64}/);
  });
});
