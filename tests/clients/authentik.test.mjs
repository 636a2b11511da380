// The official client of authentik's API. Numbers in names are the contract's checks (10.1).
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import * as ak from '@goauthentik/api';
import { FormData } from 'undici';
import { Browser } from './lib/browser.mjs';
import { faults, listings, readings } from './lib/schema.mjs';
import { Gatehouse } from './lib/server.mjs';

// The client makes the platform's FormData; our fetch, which trusts the CA, takes its own.
const send = (url, init) => {
  if (init?.body instanceof globalThis.FormData) {
    const form = new FormData();
    for (const [name, value] of init.body) form.append(name, value);
    return fetch(url, { ...init, body: form });
  }
  return fetch(url, init);
};

// What authentik 2026.8.3 has and nobody here can read: enterprise, tenants, endpoint devices, files, and statistics of their own.
const unserved = [
  '/admin/file/', '/admin/file/used_by/', '/agents/agents/', '/core/object_attributes/', '/endpoints/agents/connectors/agent_config/', '/endpoints/agents/psso/ise/',
  '/endpoints/devices/summary/', '/enterprise/license/', '/enterprise/license/forecast/', '/enterprise/license/install_id/', '/enterprise/license/summary/',
  '/events/events/stats/', '/lifecycle/iterations/open/', '/outposts/instances/default_settings/', '/tasks/tasks/status/', '/tenants/domains/', '/tenants/tenants/',
];

// Parameters that steer a list and narrow nothing.
const steering = /^(ordering|page|page_size|search|include_.*|superuser_full_list|for_user|only_with_launch_url|list_rbac|format)$/;

let server, config, anonymous, core, events, crypto, flows, providers, mappings, managed, alice, pair, flow, invalidation;

before(async () => {
  process.env.GATEHOUSE_ALLOW_LOCAL_WEBHOOKS = 'true'; // the receivers of these tests listen on loopback
  server = await Gatehouse.start();
  const basePath = `${server.urls.identity}/api/v3`;
  config = new ak.Configuration({ basePath, accessToken: server.token, fetchApi: send });
  anonymous = new ak.Configuration({ basePath, fetchApi: send });
  [core, events, crypto, flows] = [new ak.CoreApi(config), new ak.EventsApi(config), new ak.CryptoApi(config), new ak.FlowsApi(config)];
  [providers, mappings, managed] = [new ak.ProvidersApi(config), new ak.PropertymappingsApi(config), new ak.ManagedApi(config)];
});
after(() => server?.stop());

async function refusal(call, status) {
  const fault = await call.then(() => assert.fail(`expected ${status}`), (error) => error);
  assert.equal(fault.response?.status, status, String(fault));
  return fault.response.json();
}

const call = (path, options = {}, token = server.token) =>
  fetch(`${server.urls.identity}/api/v3${path}`, { ...options, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...options.headers } });

describe('@goauthentik/api', () => {
  test('1 the configuration needs no token', async () => {
    assert.ok(Array.isArray((await new ak.RootApi(anonymous).rootConfigRetrieve()).capabilities));
  });

  test('2 version and system come whole', async () => {
    const admin = new ak.AdminApi(config);
    assert.match((await admin.adminVersionRetrieve()).versionCurrent, /^2026\.8\./);
    const system = await admin.adminSystemRetrieve();
    assert.ok(system.runtime.architecture && system.serverTime instanceof Date);
    assert.ok(!JSON.stringify(system.httpHeaders).includes(server.token));
  });

  test('3 me is akadmin, and a wrong token is 403 with a detail', async () => {
    const me = await core.coreUsersMeRetrieve();
    assert.deepEqual([me.user.username, me.user.isSuperuser, me.users.length], ['akadmin', true, 1]);
    const wrong = new ak.CoreApi(new ak.Configuration({ basePath: config.basePath, accessToken: 'wrong', fetchApi: config.fetchApi }));
    assert.ok((await refusal(wrong.coreUsersMeRetrieve(), 403)).detail);
  });

  test('4 a user is made once', async () => {
    alice = await core.coreUsersCreate({ userRequest: { username: 'alice', name: 'Alice', email: 'a@x.io' } });
    assert.equal(typeof alice.pk, 'number');
    assert.match(alice.uid, /^[0-9a-f]{64}$/);
    assert.deepEqual([alice.type, alice.path], ['internal', 'users']);
    assert.ok((await refusal(core.coreUsersCreate({ userRequest: { username: 'alice', name: '' } }), 400)).username.length);
  });

  test('5 a password that is set is an event', async () => {
    await core.coreUsersSetPasswordCreate({ id: alice.pk, userPasswordSetRequest: { password: 'alice has a long one' } });
    const { results } = await events.eventsEventsList({ actions: ['password_set'] });
    assert.equal(results[0].user.username, 'akadmin');
    assert.equal(results[0].context.model.name, 'alice');
  });

  test('6 groups nest and hold users', async () => {
    const parent = await core.coreGroupsCreate({ groupRequest: { name: 'staff' } });
    const child = await core.coreGroupsCreate({ groupRequest: { name: 'devs', parents: [parent.pk] } });
    await core.coreGroupsAddUserCreate({ groupUuid: child.pk, userAccountRequest: { pk: alice.pk } });
    const seen = await core.coreGroupsRetrieve({ groupUuid: child.pk, includeUsers: true, includeParents: true });
    assert.deepEqual([seen.usersObj[0].username, seen.parentsObj[0].name], ['alice', 'staff']);
    assert.deepEqual((await core.coreGroupsRetrieve({ groupUuid: parent.pk, includeChildren: true })).childrenObj.map((group) => group.name), ['devs']);
    await refusal(core.coreGroupsAddUserCreate({ groupUuid: child.pk, userAccountRequest: { pk: 99999 } }), 404);
  });

  test('7 lists come in pages', async () => {
    for (let n = 0; n < 25; n++) await core.coreUsersCreate({ userRequest: { username: `page${n}`, name: '' } });
    const { pagination } = await core.coreUsersList({ pageSize: 10, page: 3, ordering: 'username', username: undefined });
    assert.deepEqual([pagination.current, pagination.previous, pagination.totalPages], [3, 2, Math.ceil(pagination.count / 10)]);
    assert.equal(pagination.next, pagination.totalPages > 3 ? 4 : 0);
    await refusal(core.coreUsersList({ page: 99 }), 404);
  });

  test('8 filters choose', async () => {
    const names = async (filter) => (await core.coreUsersList(filter)).results.map((user) => user.username);
    assert.deepEqual(await names({ search: 'ali' }), ['alice']);
    assert.deepEqual(await names({ groupsByName: ['devs'] }), ['alice']);
    assert.deepEqual(await names({ isActive: false }), []);
    assert.ok((await names({ type: ['internal'], pageSize: 100 })).includes('alice'));
    await core.coreUsersPartialUpdate({ id: alice.pk, patchedUserRequest: { attributes: { team: { name: 'blue' } } } });
    assert.deepEqual(await names({ attributes: JSON.stringify({ team: { name: 'blue' } }) }), ['alice']);
    assert.deepEqual(await names({ lastLoginIsnull: true, groupsByName: ['devs'] }), ['alice']);
    assert.deepEqual(await names({ dateJoinedGt: new Date(Date.now() + 3600_000) }), []);
  });

  test('9 key pairs are generated, imported and shown', async () => {
    pair = await crypto.cryptoCertificatekeypairsGenerateCreate({ certificateGenerationRequest: { commonName: 'k1', validityDays: 365 } });
    assert.deepEqual([pair.keyType, pair.privateKeyAvailable], ['rsa', true]);
    const listed = await crypto.cryptoCertificatekeypairsList({ hasKey: true });
    assert.ok(listed.results.some((known) => known.name === 'authentik Self-signed Certificate'));
    const curve = await crypto.cryptoCertificatekeypairsGenerateCreate({ certificateGenerationRequest: { commonName: 'k2', validityDays: 30, alg: 'ecdsa' } });
    assert.equal(curve.keyType, 'ec');
    const certificate = await crypto.cryptoCertificatekeypairsViewCertificateRetrieve({ kpUuid: curve.pk });
    const key = await crypto.cryptoCertificatekeypairsViewPrivateKeyRetrieve({ kpUuid: curve.pk });
    await crypto.cryptoCertificatekeypairsDestroy({ kpUuid: curve.pk });
    const wrong = { name: 'k3', certificateData: certificate.data, keyData: (await crypto.cryptoCertificatekeypairsViewPrivateKeyRetrieve({ kpUuid: pair.pk })).data };
    assert.ok((await refusal(crypto.cryptoCertificatekeypairsCreate({ certificateKeyPairRequest: wrong }), 400)).key_data);
    const imported = await crypto.cryptoCertificatekeypairsCreate({ certificateKeyPairRequest: { ...wrong, keyData: key.data } });
    assert.deepEqual([imported.keyType, imported.privateKeyAvailable, imported.fingerprintSha256], ['ec', true, curve.fingerprintSha256]);
    assert.ok((await events.eventsEventsList({ actions: ['secret_view'] })).results.some((event) => event.context.type === 'private_key'));
  });

  test('10 the shipped flows are there', async () => {
    const { results } = await flows.flowsInstancesList({ slug: 'default-provider-authorization-implicit-consent' });
    assert.equal(results.length, 1);
    for (const slug of [
      'default-authentication-flow', 'default-invalidation-flow', 'default-provider-authorization-implicit-consent', 'default-provider-authorization-explicit-consent',
      'default-provider-invalidation-flow', 'default-password-change', 'default-user-settings-flow', 'default-authenticator-totp-setup', 'default-authenticator-static-setup',
      'default-authenticator-webauthn-setup',
    ]) assert.equal((await flows.flowsInstancesList({ slug })).results.length, 1, slug);
    [flow, invalidation] = [results[0].pk, (await flows.flowsInstancesList({ slug: 'default-provider-invalidation-flow' })).results[0].pk];
  });

  test('11 shipped scope mappings are found by their managed id', async () => {
    const { results } = await mappings.propertymappingsProviderScopeList({ managed: ['goauthentik.io/providers/oauth2/scope-email'] });
    assert.equal(results.length, 1);
  });

  const request = (name, more) => ({
    name, authorizationFlow: flow, invalidationFlow: invalidation, redirectUris: [{ matchingMode: 'strict', url: 'https://rp/cb' }], signingKey: pair.pk, ...more,
  });

  test('12 a provider is made with its secrets, and is not assigned', async () => {
    const made = await providers.providersOauth2Create({ oAuth2ProviderRequest: request('p1', { grantTypes: ['authorization_code'] }) });
    assert.deepEqual([made.clientId.length, made.clientSecret.length, made.redirectUris[0].redirectUriType, made.assignedApplicationSlug], [40, 128, 'authorization', null]);
    assert.ok((await providers.providersAllList({ applicationIsnull: true })).results.some((known) => known.pk === made.pk));
  });

  test('13 what a provider can not be is told under its field', async () => {
    const body = (fields) => refusal(providers.providersOauth2Create({ oAuth2ProviderRequest: request('p2', fields) }), 400);
    assert.ok((await body({ redirectUris: [{ matchingMode: 'regex', url: '(' }] })).redirect_uris);
    assert.ok((await body({ accessTokenValidity: '5m' })).access_token_validity);
    assert.ok((await body({ authorizationFlow: '00000000-0000-0000-0000-000000000001' })).authorization_flow);
  });

  test('14 an application gives its provider a slug', async () => {
    const { pk } = (await providers.providersOauth2List({ name: 'p1' })).results[0];
    await core.coreApplicationsCreate({ applicationRequest: { name: 'App 1', slug: 'app1', provider: pk } });
    const urls = await providers.providersOauth2SetupUrlsRetrieve({ id: pk });
    assert.ok(['issuer', 'providerInfo', 'logout', 'jwks'].every((name) => urls[name].includes('/application/o/app1/')));
    assert.ok((await refusal(core.coreApplicationsCreate({ applicationRequest: { name: 'x', slug: 'token' } }), 400)).slug);
    assert.ok((await refusal(core.coreApplicationsCreate({ applicationRequest: { name: 'x', slug: 'x', provider: pk } }), 400)).provider);
  });

  test('19 service accounts and tokens', async () => {
    const made = await core.coreUsersServiceAccountCreate({ userServiceAccountRequest: { name: 'ci' } });
    assert.ok(made.token && made.userPk);
    await core.coreTokensCreate({ tokenRequest: { identifier: 'mine', intent: 'api' } });
    const { key } = await core.coreTokensViewKeyRetrieve({ identifier: 'mine' });
    assert.equal((await call('/core/users/me/', {}, key)).status, 200);
    assert.ok((await events.eventsEventsList({ actions: ['secret_view'] })).results.some((event) => event.context.model.model_name === 'token'));
    await core.coreTokensSetKeyCreate({ identifier: 'mine', tokenSetKeyRequest: { key: 'a-key-of-my-own' } });
    assert.equal((await call('/core/users/me/', {}, key)).status, 403);
    assert.equal((await call('/core/users/me/', {}, 'a-key-of-my-own')).status, 200);
  });

  test('20 a blueprint makes all or nothing', async () => {
    const yaml = (slug, flowSlug) => `
version: 1
metadata: {name: ${slug}}
context: {host: ${slug}.example.com}
entries:
  - model: authentik_providers_oauth2.oauth2provider
    id: prov
    identifiers: {name: ${slug}}
    attrs:
      authorization_flow: !Find [authentik_flows.flow, [slug, ${flowSlug}]]
      invalidation_flow: !Find [authentik_flows.flow, [slug, default-provider-invalidation-flow]]
      redirect_uris: [{matching_mode: strict, url: !Format ["https://%s/cb", !Context host]}]
      property_mappings: [!Find [authentik_providers_oauth2.scopemapping, [managed, goauthentik.io/providers/oauth2/scope-openid]]]
  - model: authentik_core.application
    identifiers: {slug: ${slug}}
    attrs: {name: ${slug}, provider: !KeyOf prov}
`;
    for (const again of [false, true]) {
      const result = await managed.managedBlueprintsImportCreate({ file: new Blob([yaml('bp', 'default-provider-authorization-implicit-consent')]) });
      assert.ok(result.success, JSON.stringify({ again, logs: result.logs }));
    }
    const application = await core.coreApplicationsRetrieve({ slug: 'bp' });
    assert.equal(application.providerObj.name, 'bp');
    assert.equal((await providers.providersOauth2Retrieve({ id: application.provider })).redirectUris[0].url, 'https://bp.example.com/cb');
    const broken = await managed.managedBlueprintsImportCreate({ file: new Blob([yaml('bp2', 'no-such-flow')]) });
    assert.equal(broken.success, false);
    assert.ok(broken.logs.some((line) => line.event.includes('no-such-flow')));
    assert.equal((await providers.providersOauth2List({ name: 'bp2' })).results.length, 0);
    const text = yaml('bp3', 'default-provider-authorization-implicit-consent');
    const kept = await managed.managedBlueprintsCreate({ blueprintInstanceRequest: { name: 'bp3', content: text } });
    assert.equal((await managed.managedBlueprintsApplyCreate({ instanceUuid: kept.pk })).status, 'successful');
    await managed.managedBlueprintsAvailableList();
  });

  test('21 the brand of pages', async () => {
    const current = await new ak.CoreApi(anonymous).coreBrandsCurrentRetrieve();
    assert.ok(Array.isArray(current.uiFooterLinks));
    const [brand] = (await core.coreBrandsList({})).results;
    const changed = await core.coreBrandsPartialUpdate({ brandUuid: brand.brandUuid, patchedBrandRequest: { brandingTitle: 'Mine', flowRecovery: flow } });
    assert.deepEqual([changed.brandingTitle, changed.flowRecovery], ['Mine', flow]);
    assert.equal((await new ak.CoreApi(anonymous).coreBrandsCurrentRetrieve()).flowRecovery, 'default-provider-authorization-implicit-consent');
    await core.coreBrandsPartialUpdate({ brandUuid: brand.brandUuid, patchedBrandRequest: { flowRecovery: null } });
  });

  test('21 a link for recovery needs a flow for it', async () => {
    const [brand] = (await core.coreBrandsList({})).results;
    const without = await refusal(core.coreUsersRecoveryCreate({ id: alice.pk, userRecoveryLinkRequest: {} }), 400);
    assert.equal(without.non_field_errors, 'No recovery flow set.');
    const recovery = await flows.flowsInstancesCreate({ flowRequest: { name: 'Recovery', slug: 'my-recovery', title: 'Recovery', designation: 'recovery' } });
    await core.coreBrandsPartialUpdate({ brandUuid: brand.brandUuid, patchedBrandRequest: { flowRecovery: recovery.pk } });
    const { link } = await core.coreUsersRecoveryCreate({ id: alice.pk, userRecoveryLinkRequest: {} });
    assert.match(link, /\/if\/flow\/my-recovery\/\?flow_token=/);
    await core.coreBrandsPartialUpdate({ brandUuid: brand.brandUuid, patchedBrandRequest: { flowRecovery: null } });
    await flows.flowsInstancesDestroy({ slug: 'my-recovery' });
  });

  test('29 whoever signed in is who the API says', async () => {
    const browser = new Browser();
    const page = `${server.urls.identity}/if/flow/default-authentication-flow/?next=/if/user/`;
    const carol = await server.user('carol');
    await browser.signIn(page, 'carol', carol.password);
    const mine = new ak.CoreApi(new ak.Configuration({ basePath: config.basePath, fetchApi: (url, init) => browser.fetch(url, init) }));
    const { user } = await mine.coreUsersMeRetrieve();
    assert.deepEqual([user.username, user.isSuperuser], ['carol', false]);
    await core.coreUsersDestroy({ id: carol.pk });
  });

  test('a shipped flow is written as a blueprint, and read back changes nothing', async () => {
    for (const slug of ['default-authentication-flow', 'default-password-change', 'default-authenticator-totp-setup']) {
      const text = await (await flows.flowsInstancesExportRetrieve({ slug })).text();
      assert.match(text, /^version: 1\n/);
      const { success, logs } = await managed.managedBlueprintsImportCreate({ file: new Blob([text]) });
      assert.ok(success, JSON.stringify(logs));
      assert.equal(await (await flows.flowsInstancesExportRetrieve({ slug })).text(), text);
    }
  });

  test('entitlements of an application, and who holds them', async () => {
    const { pk: app } = await core.coreApplicationsRetrieve({ slug: 'app1' });
    const editor = await core.coreApplicationEntitlementsCreate({ applicationEntitlementRequest: { name: 'editor', app, attributes: { level: 1 } } });
    const policies = new ak.PoliciesApi(config);
    const binding = await policies.policiesBindingsCreate({ policyBindingRequest: { target: editor.pbmUuid, user: alice.pk, order: 0 } });
    assert.deepEqual((await core.coreApplicationEntitlementsList({ app })).results.map((found) => found.name), ['editor']);
    assert.equal((await policies.policiesBindingsList({ target: editor.pbmUuid })).results[0].pk, binding.pk);
    await core.coreApplicationEntitlementsDestroy({ pbmUuid: editor.pbmUuid });
    assert.equal((await policies.policiesBindingsList({ target: editor.pbmUuid })).results.length, 0);
  });

  test('22 a failed sign-in is an event, and a rule tells of it once', async () => {
    const received = [];
    const receiver = createServer((ask, answer) => {
      let text = '';
      ask.on('data', (piece) => { text += piece; });
      ask.on('end', () => { received.push(JSON.parse(text)); answer.end('ok'); });
    });
    await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
    try {
      const admins = (await core.coreGroupsList({ name: 'authentik Admins' })).results[0];
      const transport = await events.eventsTransportsCreate({
        notificationTransportRequest: { name: 'hook', mode: 'webhook', webhookUrl: `http://127.0.0.1:${receiver.address().port}/hook`, sendOnce: true },
      });
      assert.ok((await events.eventsTransportsTestCreate({ uuid: transport.pk })).messages.length);
      assert.equal(received.length, 1);
      const rule = await events.eventsRulesCreate({
        notificationRuleRequest: { name: 'failures', transports: [transport.pk], severity: 'alert', destinationGroup: admins.pk },
      });
      assert.equal(rule.destinationGroupObj.name, 'authentik Admins');
      const policies = new ak.PoliciesApi(config);
      const matcher = await policies.policiesEventMatcherCreate({ eventMatcherPolicyRequest: { name: 'failed', action: 'login_failed' } });
      const browser = new Browser();
      const page = `${server.urls.identity}/if/flow/default-authentication-flow/`;
      const sent = () => received.filter((body) => body.body.startsWith('login_failed')).length;
      await policies.policiesBindingsCreate({ policyBindingRequest: { target: rule.pk, policy: matcher.pk, order: 0 } });
      await browser.walkFlow(page, { 'ak-stage-identification': () => ({ uid_field: 'alice' }), 'ak-stage-password': () => ({ password: 'wrong' }) });
      for (let n = 0; n < 100 && (await events.eventsEventsList({ actions: ['login_failed'] })).results.length === 0; n++) await new Promise((done) => setTimeout(done, 100));
      const [failed] = (await events.eventsEventsList({ actions: ['login_failed'] })).results;
      assert.deepEqual([failed.context.username, failed.clientIp, failed.user.username], ['alice', '127.0.0.1', 'alice']);
      for (let n = 0; n < 150 && sent() === 0; n++) await new Promise((done) => setTimeout(done, 100));
      const told = received.at(-1);
      assert.deepEqual([told.severity, told.user_username, sent()], ['alert', 'akadmin', 1]);
      assert.ok('user_email' in told);
    } finally {
      receiver.close();
    }
  });

  test('a mapping makes what a webhook is sent', async () => {
    const received = [];
    const receiver = createServer((ask, answer) => {
      let text = '';
      ask.on('data', (piece) => { text += piece; });
      ask.on('end', () => { received.push([ask.headers.authorization, JSON.parse(text)]); answer.end('ok'); });
    });
    await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
    try {
      const [body, headers] = await Promise.all([['body', 'return {"text": notification.body, "to": user.username}'], ['headers', 'return {"Authorization": "Bearer theirs"}']]
        .map(([name, expression]) => mappings.propertymappingsNotificationCreate({ notificationWebhookMappingRequest: { name, expression } })));
      const transport = await events.eventsTransportsCreate({
        notificationTransportRequest: {
          name: 'mapped', mode: 'webhook', webhookUrl: `http://127.0.0.1:${receiver.address().port}/`, webhookMappingBody: body.pk, webhookMappingHeaders: headers.pk,
        },
      });
      await events.eventsTransportsTestCreate({ uuid: transport.pk });
      assert.deepEqual(received, [['Bearer theirs', { text: 'custom_test: This is a test of a notification transport.', to: 'akadmin' }]]);
      assert.deepEqual((await mappings.propertymappingsNotificationUsedByList({ pmUuid: body.pk })).map((use) => use.name), ['mapped']);
      assert.equal((await mappings.propertymappingsAllRetrieve({ pmUuid: body.pk })).component, 'ak-property-mapping-notification-form');
    } finally {
      receiver.close();
    }
  });

  test('23 what uses a provider is listed', async () => {
    const { pk } = (await providers.providersOauth2List({ name: 'p1' })).results[0];
    const uses = await providers.providersOauth2UsedByList({ id: pk });
    assert.deepEqual(uses.map((use) => [use.modelName, use.name, use.action]), [['application', 'App 1', 'set_null']]);
  });

  test('every answer holds every key that the client requires', async () => {
    const served = new Set(Object.keys((await (await call('/schema/', {}, null)).json()).paths));
    assert.deepEqual([...new Set(readings().map(({ path }) => path).filter((path) => !served.has(path)))].sort(), unserved);
    let walked = 0;
    const missing = [];
    for (const { path, model, isList } of readings().filter((reading) => served.has(reading.path))) {
      const response = await call(`${path}?superuser_full_list=true&include_parents=true&include_children=true&include_inherited_roles=true`);
      if (response.status === 204) continue;
      assert.equal(response.status, 200, path);
      const answer = await response.json();
      missing.push(...(isList ? answer.flatMap((item, n) => faults(model, item, `${path}[${n}]`)) : faults(model, answer, path)));
      walked++;
    }
    assert.ok(walked > 60, `only ${walked} were walked`);
    assert.deepEqual(missing, []);
  });

  test('every filter that the client knows narrows its list, or is refused', async () => {
    const loose = [];
    for (const { path, names } of listings()) {
      const count = async (query) => {
        const response = await call(`${path}?superuser_full_list=true&${query}`);
        return response.status === 200 ? (await response.json()).pagination.count : response.status === 400 ? 0 : -1;
      };
      if ((await count('')) <= 0) continue;
      for (const name of names.filter((name) => !steering.test(name))) {
        if ((await count(`${name}=no-such-thing`)) !== 0) loose.push(`${path}?${name}`);
      }
      if ((await call(`${path}?ordering=no-such-thing`)).status !== 400) loose.push(`${path}?ordering`);
    }
    assert.deepEqual(loose, []);
  });

  test('24 all of it can be deleted, and is gone then', async () => {
    const { pk } = (await providers.providersOauth2List({ name: 'p1' })).results[0];
    const groups = (await core.coreGroupsList({ search: 'dev' })).results;
    await core.coreApplicationsDestroy({ slug: 'app1' });
    await providers.providersOauth2Destroy({ id: pk });
    await crypto.cryptoCertificatekeypairsDestroy({ kpUuid: pair.pk });
    await core.coreTokensDestroy({ identifier: 'mine' });
    await core.coreGroupsDestroy({ groupUuid: groups[0].pk });
    await core.coreUsersDestroy({ id: alice.pk });
    await refusal(core.coreApplicationsRetrieve({ slug: 'app1' }), 404);
    await refusal(providers.providersOauth2Retrieve({ id: pk }), 404);
    await refusal(crypto.cryptoCertificatekeypairsRetrieve({ kpUuid: pair.pk }), 404);
    await refusal(core.coreTokensRetrieve({ identifier: 'mine' }), 404);
    await refusal(core.coreGroupsRetrieve({ groupUuid: groups[0].pk }), 404);
    await refusal(core.coreUsersRetrieve({ id: alice.pk }), 404);
  });
});
