// Drives the page of a flow: asks the executor what to show, sends back what people type.
// Everything from the server becomes text nodes, never markup.
import { instead, mfa } from './mfa.mjs';
import { remembered, selfService } from './selfservice.mjs';

const frame = document.getElementById('flow');
const title = document.getElementById('title');
const endpoint = `/api/v3/flows/executor/${frame.dataset.slug}/?query=${encodeURIComponent(location.search.slice(1))}`;

/** Makes an element. Attributes that are null or false are left out; true stands without a value. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function busy(on) {
  frame.setAttribute('aria-busy', on ? 'true' : 'false');
  for (const button of frame.querySelectorAll('button')) button.disabled = on;
}

async function call(answer) {
  busy(true);
  try {
    const response = await fetch(endpoint, answer === undefined
      ? { headers: { accept: 'application/json' } }
      : { method: 'POST', headers: { accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify(answer) });
    const body = await response.json();
    if (response.ok) return show(body);
    trouble(body.detail ?? `The server answered ${response.status}.`);
  } catch {
    trouble('The server can’t be reached, or did not answer as expected.');
  }
}

function trouble(text) {
  busy(false);
  frame.querySelector('.error.trouble')?.remove();
  frame.querySelector('#waiting')?.remove();
  frame.prepend(make('div', { class: 'error trouble', role: 'alert' }, make('p', {}, text),
    frame.querySelector('form') ? null : make('p', {}, make('a', { href: location.href }, 'Load this page again'))));
}

function show(challenge) {
  if (challenge.component === 'xak-flow-redirect') return leave(challenge.to);
  if (challenge.flow_info?.title) {
    title.textContent = challenge.flow_info.title;
    document.title = challenge.flow_info.title;
  }
  const stage = stages[challenge.component] ?? unknown;
  frame.replaceChildren(...stage(challenge).filter((element) => element !== null));
  busy(false);
  const faulty = frame.querySelector('[aria-invalid]');
  (faulty ?? frame.querySelector('input:not([hidden]):not([readonly])') ?? title).focus();
}

function leave(to) {
  const target = new URL(to, location.href);
  if (['javascript:', 'data:', 'vbscript:', 'blob:'].includes(target.protocol)) return trouble('This step leads to an address that browsers must not open.');
  frame.replaceChildren(make('p', { class: 'soft', role: 'status' }, 'Taking you on …'));
  location.replace(target.href);
}

/** The faults of one field as an element that the field points at, or null. */
function faults(challenge, field) {
  const found = challenge.response_errors?.[field];
  return found?.length ? make('p', { class: 'error', role: 'alert', id: `${field}-fault` }, found.map((f) => f.string).join(' ')) : null;
}

function field(challenge, name, label, attributes) {
  const fault = faults(challenge, name);
  return [
    make('label', { for: name }, label),
    make('input', { id: name, name, required: true, 'aria-invalid': fault && 'true', 'aria-describedby': fault && fault.id, ...attributes }),
    fault,
  ];
}

function password(challenge) {
  const parts = field(challenge, 'password', 'Password', { type: 'password', autocomplete: 'current-password', maxlength: 1024 });
  if (!challenge.allow_show_password) return parts;
  const toggle = make('button', { type: 'button', class: 'plain', 'aria-pressed': 'false' }, 'Show password');
  toggle.addEventListener('click', () => {
    const isShown = parts[1].type === 'text';
    parts[1].type = isShown ? 'password' : 'text';
    toggle.setAttribute('aria-pressed', String(!isShown));
    toggle.textContent = isShown ? 'Show password' : 'Hide password';
  });
  return [...parts, toggle];
}

function form(challenge, action, children) {
  const general = ['non_field_errors', 'component', 'token'].map((name) => faults(challenge, name));
  const made = make('form', { method: 'post', novalidate: true }, ...general.filter(Boolean), ...children.filter((c) => c !== null), make('button', { type: 'submit' }, action));
  made.addEventListener('submit', (event) => {
    event.preventDefault();
    const answer = Object.fromEntries([...new FormData(made)].filter(([name]) => name !== 'username' || challenge.component === 'ak-stage-prompt'));
    call({ component: challenge.component, ...answer, ...made.values?.() });
  });
  return made;
}

/** Who signs in, and where there is one, the way to be somebody else. */
function person(challenge, elsewhere = null) {
  return make('div', { class: 'person' },
    make('img', { src: challenge.pending_user_avatar, alt: '', width: 40, height: 40 }),
    make('span', { class: 'name' }, challenge.pending_user),
    elsewhere && make('a', { href: elsewhere }, 'Not you?'));
}

function list(permissions) {
  const named = permissions.filter((permission) => permission.name);
  return named.length ? make('ul', { class: 'list' }, ...named.map((permission) => make('li', {}, permission.name))) : null;
}

/** Links to other flows, or null when there are none. */
function elsewhere(links) {
  const known = links.filter(([, href]) => href);
  return known.length ? make('p', { class: 'elsewhere' }, ...known.map(([text, href]) => make('a', { href }, text))) : null;
}

const names = { email: 'e-mail address', username: 'username', upn: 'UPN' };

const kit = { make, faults, field, form, person, call, trouble };
const stages = {
  ...mfa(kit),
  ...selfService(kit),
  'ak-stage-identification': (challenge) => {
    const label = (challenge.user_fields ?? []).map((name) => names[name] ?? name).join(' or ') || 'name';
    return [
      challenge.application_pre ? make('p', { class: 'soft' }, `Sign in to go on to ${challenge.application_pre}.`) : null,
      form(challenge, challenge.primary_action, [
        ...field(challenge, 'uid_field', label[0].toUpperCase() + label.slice(1), {
          type: 'text', autocomplete: challenge.passkey_challenge ? 'username webauthn' : 'username', autocapitalize: 'none', spellcheck: 'false', maxlength: 254, value: challenge.pending_user_identifier ?? '',
        }),
        ...(challenge.password_fields ? password(challenge) : []),
        ...remembered(challenge, kit),
      ]),
      ...instead(challenge, kit),
      elsewhere([['Forgot your password?', challenge.recovery_url], ['Create an account', challenge.enroll_url]]),
    ];
  },
  'ak-stage-password': (challenge) => [
    person(challenge, challenge.flow_info.cancel_url),
    form(challenge, 'Continue', [
      // Not shown: it lets password managers file the password under the name.
      make('input', { type: 'text', name: 'username', autocomplete: 'username', value: challenge.pending_user, readonly: true, hidden: true }),
      ...password(challenge),
    ]),
    elsewhere([['Forgot your password?', challenge.recovery_url]]),
  ],
  'ak-stage-consent': (challenge) => [
    challenge.application_icon ? make('img', { class: 'appmark', src: challenge.application_icon, alt: '' }) : null,
    person(challenge),
    challenge.header_text ? make('p', {}, challenge.header_text) : null,
    list(challenge.permissions) && make('p', {}, challenge.additional_permissions.length ? 'It may already:' : 'It will be able to:'),
    list(challenge.permissions),
    list(challenge.additional_permissions) && make('p', {}, 'It now asks to:'),
    list(challenge.additional_permissions),
    elsewhere([['Its privacy policy', challenge.policy_uri], ['Its terms', challenge.tos_uri]]),
    form(challenge, 'Continue', [make('input', { type: 'hidden', name: 'token', value: challenge.token })]),
    make('a', { class: 'button plain', href: challenge.flow_info.cancel_url }, 'Cancel'),
  ],
  'ak-provider-oauth2-device-code': (challenge) => [
    form(challenge, 'Continue', field(challenge, 'code', 'Enter the code that your device shows', {
      type: 'text', inputmode: 'numeric', autocomplete: 'one-time-code', spellcheck: 'false', maxlength: 20,
    })),
  ],
  'ak-provider-oauth2-device-code-finish': () => [
    make('p', { role: 'status' }, 'Your device is signed in. You can close this page.'),
  ],
  'ak-provider-iframe-logout': (challenge) => {
    let left = challenge.logout_urls.length;
    const done = () => { left = -1; call({ component: challenge.component }); };
    const frames = challenge.logout_urls.map(({ url, provider_name: name }) => {
      const made = make('iframe', { src: url, title: name, sandbox: 'allow-scripts allow-same-origin allow-forms', hidden: true });
      made.addEventListener('load', () => { if (--left === 0) done(); });
      return made;
    });
    setTimeout(() => { if (left > 0) done(); }, 5000);
    return [make('p', { class: 'soft', role: 'status' }, `Signing you out of: ${challenge.logout_urls.map((u) => u.provider_name).join(', ')}`), ...frames];
  },
  'ak-stage-session-end': (challenge) => {
    const { application_name: name, application_launch_url: back, brand_name: brand, invalidation_flow_url: everything, overview_url: overview } = challenge;
    title.textContent = document.title = `You’ve logged out of ${name ?? brand}`;
    return [
      make('p', { role: 'status' }, everything ? `You are still signed in to ${brand}.` : name ? `You are signed out of ${brand}, too.` : 'Your session has ended. You can close this page.'),
      overview ? make('a', { class: 'button', href: overview }, 'Go to my applications') : null,
      everything ? make('a', { class: 'button plain', href: everything }, `Log out of ${brand}`) : null,
      back ? make('a', { class: everything ? 'button plain' : 'button', href: back }, `Log back in to ${name}`) : null,
      everything ? null : make('a', { class: back ? 'button plain' : 'button', href: '/' }, `Log in to ${brand} again`),
    ];
  },
  'ak-stage-access-denied': (challenge) => [
    make('p', { class: 'error', role: 'alert' }, challenge.error_message || 'Access denied.'),
    make('a', { class: 'button plain', href: '/' }, 'Start again'),
  ],
  'ak-stage-flow-error': (challenge) => [
    make('p', { class: 'error', role: 'alert' }, `Something went wrong. Tell your administrator this number: ${challenge.request_id}`),
    make('a', { class: 'button plain', href: '/' }, 'Start again'),
  ],
};

function unknown(challenge) {
  return [make('p', { class: 'error', role: 'alert' }, `This page can’t show the step “${challenge.component}”. Ask your administrator.`)];
}

// Back from the cache with an old step on it: ask again where we are.
addEventListener('pageshow', (event) => { if (event.persisted) call(); });
document.getElementById('waiting').hidden = false;
call();
