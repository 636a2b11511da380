// Who may use what, by the official client of authentik's API. Numbers in names are the contract's checks (10.1).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as ak from '@goauthentik/api';
import { Gatehouse } from './lib/server.mjs';

const kind = 'authentik_providers_oauth2.oauth2provider';
let server, core, providers, policies, flow, invalidation, staff, team, alice, bob, app;

before(async () => {
  server = await Gatehouse.start();
  const config = new ak.Configuration({ basePath: `${server.urls.identity}/api/v3`, accessToken: server.token, fetchApi: fetch });
  [core, providers, policies] = [new ak.CoreApi(config), new ak.ProvidersApi(config), new ak.PoliciesApi(config)];
  flow = await server.flow('default-provider-authorization-implicit-consent');
  invalidation = await server.flow('default-provider-invalidation-flow');
  staff = await core.coreGroupsCreate({ groupRequest: { name: 'staff' } });
  team = await core.coreGroupsCreate({ groupRequest: { name: 'team', parents: [staff.pk] } });
  [alice, bob] = [await server.user('alice', { groups: [team.pk] }), await server.user('bob')];
});
after(() => server?.stop());

async function refusal(call, status) {
  const fault = await call.then(() => assert.fail(`expected ${status}`), (error) => error);
  assert.equal(fault.response?.status, status, String(fault));
  return fault.response.json();
}

const provider = (name) => ({
  providerModel: kind, name, authorizationFlow: flow, invalidationFlow: invalidation, redirectUris: [{ matchingMode: 'strict', url: 'https://rp.example/cb' }],
});
const bind = (fields) => policies.policiesBindingsCreate({ policyBindingRequest: { target: app.pk, order: 0, ...fields } });
const unbind = (binding) => policies.policiesBindingsDestroy({ policyBindingUuid: binding.pk });
const may = async (user) => (await core.coreApplicationsCheckAccessRetrieve({ slug: 'guarded', forUser: user.pk })).passing;
const judged = (policy, user, context = {}) => policies.policiesAllTestCreate({ policyUuid: policy.pk, policyTestRequest: { user: user.pk, context } });

describe('@goauthentik/api: policies', () => {
  test('15 an application comes with its provider and bindings in one step, or not at all', async () => {
    const request = { app: { name: 'App 2', slug: 'app2' }, providerModel: kind, provider: provider('app2'), policyBindings: [{ group: staff.pk, order: 0 }] };
    const made = await core.coreTransactionalApplicationsUpdate({ transactionApplicationRequest: request });
    assert.equal(made.applied, true);
    const { pk, providerObj } = await core.coreApplicationsRetrieve({ slug: 'app2' });
    assert.equal(providerObj.name, 'app2');
    const { results } = await policies.policiesBindingsList({ target: pk });
    assert.deepEqual(results.map((binding) => [binding.group, binding.order]), [[staff.pk, 0]]);

    const count = async () => (await providers.providersOauth2List({})).pagination.count;
    const before = await count();
    const again = await refusal(core.coreTransactionalApplicationsUpdate({ transactionApplicationRequest: request }), 400);
    assert.ok(again.app || again.provider, JSON.stringify(again));
    const half = { ...request, app: { name: 'App 3', slug: 'app3' }, provider: provider('app3'), policyBindings: [{ group: '00000000-0000-0000-0000-000000000001', order: 0 }] };
    await refusal(core.coreTransactionalApplicationsUpdate({ transactionApplicationRequest: half }), 400);
    assert.equal(await count(), before);
    await refusal(core.coreApplicationsRetrieve({ slug: 'app3' }), 404);
  });

  test('16 the claims of somebody are seen before they sign in', async () => {
    const { pk } = (await providers.providersOauth2List({ name: 'app2' })).results[0];
    await providers.providersOauth2PartialUpdate({ id: pk, patchedOAuth2ProviderRequest: { propertyMappings: await server.scopes('openid', 'email', 'profile') } });
    const { preview } = await providers.providersOauth2PreviewUserRetrieve({ id: pk, forUser: alice.pk });
    assert.equal(preview.email, 'alice@example.com');
    assert.ok(preview.groups.includes('team'), JSON.stringify(preview));
  });

  test('17 bindings decide: groups with those inside them, negation, and any or all', async () => {
    app = await core.coreApplicationsCreate({ applicationRequest: { name: 'Guarded', slug: 'guarded' } });
    assert.deepEqual([await may(alice), await may(bob)], [true, true], 'nothing is bound yet');

    assert.ok((await refusal(bind({ group: staff.pk, user: bob.pk }), 400)).non_field_errors);
    assert.ok((await refusal(bind({}), 400)).non_field_errors);
    const group = await bind({ group: staff.pk });
    assert.deepEqual([await may(alice), await may(bob)], [true, false], 'alice is in a group inside staff');

    const user = await bind({ user: bob.pk, order: 1 });
    assert.deepEqual([await may(alice), await may(bob)], [true, true], 'any');
    await core.coreApplicationsPartialUpdate({ slug: 'guarded', patchedApplicationRequest: { policyEngineMode: 'all' } });
    assert.deepEqual([await may(alice), await may(bob)], [false, false], 'all');

    await unbind(user);
    assert.deepEqual([await may(alice), await may(bob)], [true, false]);
    await policies.policiesBindingsPartialUpdate({ policyBindingUuid: group.pk, patchedPolicyBindingRequest: { negate: true } });
    assert.deepEqual([await may(alice), await may(bob)], [false, true], 'negated');
    await policies.policiesBindingsPartialUpdate({ policyBindingUuid: group.pk, patchedPolicyBindingRequest: { negate: false, enabled: false } });
    assert.deepEqual([await may(alice), await may(bob)], [true, true], 'what is off counts for nothing');
    await unbind(group);
  });

  test('18 policies of each kind are made, listed and tried', async () => {
    const expression = await policies.policiesExpressionCreate({
      expressionPolicyRequest: { name: 'of alice', expression: 'return request.user.username == "alice"' },
    });
    const [yes, no] = [await judged(expression, alice), await judged(expression, bob)];
    assert.deepEqual([yes.passing, no.passing], [true, false]);
    assert.ok([yes, no].every((result) => Array.isArray(result.messages) && Array.isArray(result.logMessages)));
    assert.ok((await refusal(policies.policiesExpressionCreate({ expressionPolicyRequest: { name: 'code', expression: 'import os' } }), 400)).expression);

    const reputation = await policies.policiesReputationCreate({ reputationPolicyRequest: { name: 'bad guests', checkIp: true, checkUsername: true, threshold: -5 } });
    assert.deepEqual([reputation.threshold, (await judged(reputation, alice)).passing], [-5, false], 'nobody has a bad name yet');

    const password = await policies.policiesPasswordCreate({
      passwordPolicyRequest: { name: 'long', passwordField: 'password', lengthMin: 12, amountDigits: 1, errorMessage: 'Longer, with a digit.', checkStaticRules: true },
    });
    const weak = await judged(password, alice, { password: 'short' });
    assert.deepEqual([weak.passing, weak.messages], [false, ['Longer, with a digit.']]);
    assert.equal((await judged(password, alice, { password: 'rather a long one, 1 of 2' })).passing, true);

    const { results } = await policies.policiesAllList({ search: 'of alice' });
    assert.deepEqual(results.map((known) => [known.pk, known.component]), [[expression.pk, 'ak-policy-expression-form']]);

    app = await core.coreApplicationsRetrieve({ slug: 'guarded' });
    const bound = await bind({ policy: expression.pk });
    assert.deepEqual([await may(alice), await may(bob)], [true, false]);
    await unbind(bound);
    for (const policy of [expression, reputation, password]) await policies.policiesAllDestroy({ policyUuid: policy.pk });
    await refusal(policies.policiesAllRetrieve({ policyUuid: expression.pk }), 404);
  });
});
