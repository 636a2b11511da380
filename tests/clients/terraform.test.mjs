// What `goauthentik/terraform-provider-authentik` (June 2026) asks of the API, call by call. It is a replay, written down from the provider's
// source (pkg/provider/resource_*.go, data_source_*.go): terraform and its provider are binaries of a registry that these tests do not have.
// Bodies are what its generated Go client sends: an option that is not set is left out, one that may be null is null.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { faults } from './lib/schema.mjs';
import { Gatehouse } from './lib/server.mjs';

let server;
before(async () => { server = await Gatehouse.start(); });
after(() => server?.stop());

async function call(method, path, model, body) {
  const response = await fetch(`${server.urls.identity}/api/v3${path}`, {
    method,
    headers: {
      authorization: `Bearer ${server.token}`, accept: 'application/json', 'user-agent': 'authentik-terraform@2026.5.0', ...(body ? { 'content-type': 'application/json' } : {}),
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  if (method === 'DELETE') return null;
  const answer = JSON.parse(text);
  assert.deepEqual(faults(model, answer), [], `${method} ${path}`); // the Go client refuses an answer without a required key
  return answer;
}

const none = (value) => value === undefined || value === null || value === '' || value === false || value === 0 || (Array.isArray(value) && value.length === 0);

/** Keeps the order of `known`, appends what is new (helpers.ListConsistentMerge): an order of the server's own is no difference. */
function merged(known, read) {
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  return [...known.filter((one) => read.some((other) => same(one, other))), ...read.filter((one) => !known.some((other) => same(one, other)))];
}

// Per resource: path, model of the answer, key in the path, defaults of the schema, what is computed, lists, and the body.
const resources = {
  authentik_group: {
    path: '/core/groups/', model: 'Group', key: (answer) => answer.pk, query: '?include_users=false',
    defaults: { is_superuser: false, attributes: {} }, computed: ['users'], lists: ['parents', 'users', 'roles'],
    body: (d) => ({ name: d.name, is_superuser: d.is_superuser, parents: d.parents ?? [], users: d.users ?? [], roles: d.roles ?? [], attributes: d.attributes }),
  },
  authentik_provider_oauth2: {
    path: '/providers/oauth2/', model: 'OAuth2Provider', key: (answer) => String(answer.pk), query: '',
    defaults: {
      client_type: 'confidential', access_code_validity: 'minutes=1', access_token_validity: 'minutes=10', refresh_token_validity: 'days=30',
      refresh_token_threshold: 'seconds=0', include_claims_in_id_token: true, logout_method: 'backchannel', sub_mode: 'hashed_user_id', issuer_mode: 'per_provider',
    },
    computed: ['grant_types', 'client_secret'], lists: ['property_mappings', 'redirect_uris', 'jwt_federation_sources', 'jwt_federation_providers'],
    body: (d) => ({
      name: d.name, authorization_flow: d.authorization_flow, authentication_flow: d.authentication_flow ?? null, invalidation_flow: d.invalidation_flow,
      access_code_validity: d.access_code_validity, access_token_validity: d.access_token_validity, refresh_token_validity: d.refresh_token_validity,
      refresh_token_threshold: d.refresh_token_threshold, include_claims_in_id_token: d.include_claims_in_id_token, client_id: d.client_id,
      client_secret: d.client_secret, // of the state from the second time on
      issuer_mode: d.issuer_mode, sub_mode: d.sub_mode, client_type: d.client_type, property_mappings: d.property_mappings ?? [],
      jwt_federation_sources: d.jwt_federation_sources ?? [], logout_method: d.logout_method, logout_uri: d.logout_uri, signing_key: d.signing_key ?? null,
      encryption_key: d.encryption_key ?? null, redirect_uris: d.redirect_uris ?? [], jwt_federation_providers: d.jwt_federation_providers ?? [],
      ...(d.grant_types?.length ? { grant_types: d.grant_types } : {}),
    }),
  },
  authentik_application: {
    path: '/core/applications/', model: 'Application', key: (answer) => answer.slug, query: '',
    defaults: { policy_engine_mode: 'any', open_in_new_tab: false, meta_hide: false }, computed: [], lists: ['backchannel_providers'],
    body: (d) => ({
      name: d.name, slug: d.slug, provider: d.provider ?? null, open_in_new_tab: d.open_in_new_tab, meta_hide: d.meta_hide, policy_engine_mode: d.policy_engine_mode,
      group: d.group, meta_icon: d.meta_icon, meta_launch_url: d.meta_launch_url, meta_description: d.meta_description, meta_publisher: d.meta_publisher,
      backchannel_providers: d.backchannel_providers ?? [],
    }),
  },
  authentik_policy_expression: {
    path: '/policies/expression/', model: 'ExpressionPolicy', key: (answer) => answer.pk, query: '', defaults: { execution_logging: false }, computed: [], lists: [],
    body: (d) => ({ name: d.name, execution_logging: d.execution_logging, expression: d.expression }),
  },
  authentik_policy_binding: {
    path: '/policies/bindings/', model: 'PolicyBinding', key: (answer) => answer.pk, query: '',
    defaults: { negate: false, enabled: true, timeout: 30, failure_result: false }, computed: [], lists: [],
    body: (d) => ({
      target: d.target, order: d.order, negate: d.negate, enabled: d.enabled, timeout: d.timeout, failure_result: d.failure_result,
      policy: d.policy ?? null, user: d.user ?? null, group: d.group ?? null,
    }),
  },
};
const optional = {
  authentik_group: ['parents', 'roles'],
  authentik_provider_oauth2: ['authentication_flow', 'property_mappings', 'signing_key', 'encryption_key', 'redirect_uris', 'logout_uri', 'jwt_federation_sources', 'jwt_federation_providers'],
  authentik_application: ['group', 'provider', 'backchannel_providers', 'meta_launch_url', 'meta_icon', 'meta_description', 'meta_publisher'],
  authentik_policy_expression: [],
  authentik_policy_binding: ['policy', 'user', 'group'],
};

class Resource {
  constructor(type, config) {
    [this.type, this.kind, this.config] = [type, resources[type], config];
  }

  /** The configuration with the schema's defaults, and from the state what is computed. */
  wanted() {
    const known = Object.fromEntries(this.kind.computed.filter((name) => this.state?.[name] !== undefined).map((name) => [name, this.state[name]]));
    return { ...known, ...this.kind.defaults, ...this.config };
  }

  async create() {
    this.id = this.kind.key(await call('POST', this.kind.path, this.kind.model, this.kind.body(this.wanted())));
    return this.read();
  }

  async update(config) {
    this.config = { ...this.config, ...config };
    this.id = this.kind.key(await call('PUT', `${this.kind.path}${this.id}/`, this.kind.model, this.kind.body(this.wanted())));
    return this.read();
  }

  async read() {
    const answer = await call('GET', `${this.kind.path}${this.id}/${this.kind.query}`, this.kind.model);
    const known = { ...this.state, ...this.wanted() };
    this.state = { ...answer };
    for (const name of this.kind.lists) this.state[name] = merged(known[name] ?? [], answer[name] ?? []);
    return this;
  }

  /** What a plan would change, after it has looked again. */
  async plan() {
    await this.read();
    const wanted = this.wanted();
    const names = new Set([...Object.keys(wanted), ...optional[this.type]]);
    return [...names].filter((name) => (none(wanted[name]) ? !none(this.state[name]) && JSON.stringify(this.state[name]) !== JSON.stringify(wanted[name]) : JSON.stringify(wanted[name]) !== JSON.stringify(this.state[name])))
      .map((name) => `${this.type}.${name}: ${JSON.stringify(wanted[name])} is ${JSON.stringify(this.state[name])}`);
  }

  destroy() {
    return call('DELETE', `${this.kind.path}${this.id}/`);
  }
}

describe('terraform', () => {
  test('25 what is applied once is planned again without a difference, changed in place, and destroyed', async () => {
    await call('GET', '/root/config/', 'Config');
    const flow = async (slug) => (await call('GET', `/flows/instances/?slug=${slug}`, 'PaginatedFlowList')).results[0].pk;
    const managed = ['openid', 'email', 'profile', 'offline_access'].map((name) => `managed=${encodeURIComponent(`goauthentik.io/providers/oauth2/scope-${name}`)}`);
    const mappings = async () => (await call('GET', `/propertymappings/provider/scope/?${managed.join('&')}`, 'PaginatedScopeMappingList')).results.map((one) => one.pk);
    const pair = (await call('GET', `/crypto/certificatekeypairs/?name=${encodeURIComponent('authentik Self-signed Certificate')}`, 'PaginatedCertificateKeyPairList')).results[0];
    assert.ok(pair.cert_expiry && pair.cert_subject && pair.fingerprint_sha1 && pair.fingerprint_sha256);
    assert.match((await call('GET', `/crypto/certificatekeypairs/${pair.pk}/view_certificate/`, 'CertificateData')).data, /BEGIN CERTIFICATE/);
    assert.match((await call('GET', `/crypto/certificatekeypairs/${pair.pk}/view_private_key/`, 'CertificateData')).data, /PRIVATE KEY/);
    const scopes = await mappings();
    assert.equal(scopes.length, 4);
    assert.deepEqual(await mappings(), scopes, 'a data source in another order would be a difference');

    const group = await new Resource('authentik_group', { name: 'staff', attributes: { team: 'a' } }).create();
    const provider = await new Resource('authentik_provider_oauth2', {
      name: 'grafana', client_id: 'grafana', // no grant_types: most configurations were written before there were any
      authorization_flow: await flow('default-provider-authorization-implicit-consent'),
      invalidation_flow: await flow('default-provider-invalidation-flow'),
      property_mappings: [...scopes].reverse(),
      signing_key: pair.pk,
      redirect_uris: [{ matching_mode: 'strict', url: 'https://grafana.example/cb', redirect_uri_type: 'authorization' }, { matching_mode: 'regex', url: 'https://g.\\.example/.*', redirect_uri_type: 'authorization' }],
    }).create();
    const application = await new Resource('authentik_application', { name: 'Grafana', slug: 'grafana', provider: Number(provider.id), meta_launch_url: 'https://grafana.example/' }).create();
    const policy = await new Resource('authentik_policy_expression', { name: 'not at night', expression: 'return True' }).create();
    const bindings = [
      await new Resource('authentik_policy_binding', { target: application.state.pk, group: group.id, order: 0 }).create(),
      await new Resource('authentik_policy_binding', { target: application.state.pk, policy: policy.id, order: 1 }).create(),
    ];
    const all = [group, provider, application, policy, ...bindings];
    const plan = async () => (await Promise.all(all.map((one) => one.plan()))).flat();
    assert.deepEqual(await plan(), []);
    assert.deepEqual(provider.state.grant_types.toSorted(), ['authorization_code', 'refresh_token']);
    const secret = provider.state.client_secret;

    await provider.update({ access_token_validity: 'hours=1', grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] });
    await application.update({ slug: 'graphs', policy_engine_mode: 'all', meta_description: 'Graphs' });
    await group.update({ name: 'everybody' });
    await bindings[0].update({ negate: true });
    assert.deepEqual(await plan(), []);
    assert.equal(provider.state.client_secret, secret);

    await server.v3('PATCH', '/core/applications/graphs/', { meta_publisher: 'somebody else' });
    assert.deepEqual(await plan(), ['authentik_application.meta_publisher: undefined is "somebody else"'], 'what was changed behind its back is seen');
    await application.update({});
    assert.equal((await plan()).length, 1, 'the provider leaves out what is not set, and so does not take it back');

    for (const one of all.toReversed()) await one.destroy();
    for (const one of [group, provider, application, policy]) {
      await assert.rejects(one.read(), /404/);
    }
  });
});
