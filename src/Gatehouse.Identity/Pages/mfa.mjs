// The steps of a flow about authenticators. `kit` holds what all steps are made of; see flow.mjs.
import { create, get, isSupported } from './webauthn.mjs';

const labels = { totp: 'a code from your authenticator app', static: 'a recovery code', webauthn: 'your security key or passkey' };

// The way that was picked, so that a fault does not lead back to another one.
let picked = null;

export const mfa = ({ make, faults, field, form, person, call, trouble }) => {
  /** A button that asks the browser for something, and sends what it gives. */
  function ask(text, run) {
    const button = make('button', { type: 'button' }, text);
    const status = make('p', { class: 'soft', role: 'status' });
    button.addEventListener('click', async () => {
      button.disabled = true;
      status.textContent = 'Waiting for your security key or device …';
      try {
        await run();
      } catch (error) {
        status.textContent = '';
        button.disabled = false;
        trouble(error.name === 'InvalidStateError'
          ? 'This security key or device is enrolled already.'
          : 'The browser got no answer from a security key or passkey. Try again, or use another way.');
        button.focus();
      }
    });
    if (!isSupported()) {
      button.disabled = true;
      status.textContent = 'This browser can’t use security keys or passkeys here.';
    }
    return [button, status];
  }

  // Whoever signs in may be somebody else; whoever is signed in may only leave.
  const plainCancel = '/flows/-/cancel/';
  const isLeaving = (challenge) => challenge.flow_info?.cancel_url === plainCancel;
  const user = (challenge) => (challenge.pending_user ? person(challenge, isLeaving(challenge) ? null : challenge.flow_info?.cancel_url) : null);
  const cancel = (challenge) => (isLeaving(challenge) ? make('a', { class: 'button plain', href: '/if/user/' }, 'Cancel') : null);

  function code(challenge, way) {
    const isApp = way.device_class === 'totp';
    return [form(challenge, 'Continue', [
      make('p', { class: 'soft', id: 'code-help' }, isApp ? 'Open your authenticator app and type the code it shows for this site.' : 'Type one of the recovery codes you kept. It works once.'),
      ...field(challenge, 'code', isApp ? 'Code' : 'Recovery code', isApp
        ? { type: 'text', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 12, class: 'code' }
        : { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: 100, class: 'code' }),
    ])];
  }

  function key(challenge, way) {
    const passkey = way.device_uid === '-1';
    return [
      faults(challenge, 'webauthn'),
      make('p', { class: 'soft' }, passkey ? 'Your browser lets you pick one of your passkeys.' : 'Your browser asks you to touch your security key, or to unlock this device.'),
      ...ask(passkey ? 'Sign in with a passkey' : 'Use security key or passkey', async () => call({ component: challenge.component, webauthn: await get(way.challenge) })),
    ];
  }

  function validate(challenge) {
    const ways = challenge.device_challenges;
    const area = make('div', {});
    const others = make('div', { class: 'ways' });
    const choose = (way, isChosen) => {
      picked = way.device_class;
      area.replaceChildren(...(way.device_class === 'webauthn' ? key : code)(challenge, way).filter(Boolean));
      const rest = ways.filter((other) => other !== way);
      others.replaceChildren(...(rest.length ? [make('p', { class: 'soft' }, 'Or use')] : []), ...rest.map((other) => {
        const button = make('button', { type: 'button', class: 'plain' }, labels[other.device_class] ?? other.device_class);
        button.addEventListener('click', () => choose(other, true));
        return button;
      }));
      if (isChosen) area.querySelector('input, button')?.focus();
    };
    const shown = ways.find((way) => way.device_class === picked) ?? ways[0];
    choose(shown, false);
    const general = faults(challenge, 'non_field_errors');
    return [user(challenge), general, area, others];
  }

  function configure(challenge) {
    return [
      user(challenge),
      make('p', {}, 'Your account needs a second way to prove who you are. Which one do you want to set up?'),
      faults(challenge, 'selected_stage'),
      make('div', { class: 'ways' }, ...challenge.configuration_stages.map((stage) => {
        const button = make('button', { type: 'button', class: 'plain' }, stage.name);
        button.addEventListener('click', () => call({ component: challenge.component, selected_stage: stage.pk }));
        return button;
      })),
    ];
  }

  function codes(challenge) {
    const text = challenge.codes.join('\n');
    const copy = make('button', { type: 'button', class: 'plain' }, 'Copy');
    const status = make('p', { class: 'soft', role: 'status' });
    copy.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(text);
        status.textContent = 'Copied.';
      } catch {
        status.textContent = 'The browser does not let this page copy. Write the codes down.';
      }
    });
    return [
      user(challenge),
      make('p', {}, 'Keep these codes where only you find them. Each lets you in once when you have lost your other ways. Codes you got before stop working.'),
      make('ul', { class: 'codes', 'aria-label': 'Recovery codes' }, ...challenge.codes.map((one) => make('li', {}, one))),
      make('div', { class: 'ways' }, copy,
        make('a', { class: 'button plain', download: 'recovery-codes.txt', href: `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}` }, 'Download')),
      status,
      form(challenge, 'I have kept them', []),
      cancel(challenge),
    ];
  }

  return {
    'ak-stage-authenticator-validate': (challenge) => (challenge.device_challenges.length ? validate : configure)(challenge),
    'ak-stage-authenticator-totp': (challenge) => [
      user(challenge),
      make('p', {}, 'Scan this picture with an authenticator app, then type the code that the app shows.'),
      challenge.config_qr ? make('p', { class: 'qr' }, make('img', { src: challenge.config_qr, alt: 'QR code for your authenticator app; the secret stands below as text', width: 200, height: 200 })) : null,
      make('details', {}, make('summary', {}, 'Can’t scan it?'),
        make('p', {}, make('a', { href: challenge.config_url }, 'Open it in an app on this device'), ', or type this secret into the app:'),
        make('p', {}, make('code', { id: 'secret' }, (new URL(challenge.config_url).searchParams.get('secret') ?? '').replace(/(.{4})(?=.)/g, '$1 ')))),
      form(challenge, 'Finish', field(challenge, 'code', 'Code', { type: 'text', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 12, class: 'code' })),
      cancel(challenge),
    ],
    'ak-stage-authenticator-static': codes,
    'ak-stage-authenticator-webauthn': (challenge) => [
      user(challenge),
      faults(challenge, 'response'),
      make('p', {}, 'Have your security key at hand, or use this device’s own: a fingerprint, a face or its PIN.'),
      ...ask('Add security key or passkey', async () => call({ component: challenge.component, response: await create(challenge.registration) })),
      cancel(challenge),
    ],
  };
};

/** The ways past the name on the first page, or null. */
export function instead(challenge, { make, faults, call, trouble }) {
  const parts = [];
  if (challenge.passkey_challenge && isSupported()) {
    const button = make('button', { type: 'button', class: 'plain' }, 'Sign in with a passkey');
    button.addEventListener('click', async () => {
      try {
        await call({ component: challenge.component, passkey: await get(challenge.passkey_challenge) });
      } catch {
        trouble('The browser got no answer from a passkey. Try again, or type your name.');
      }
    });
    parts.push(faults(challenge, 'passkey'), button);
  }
  if (challenge.passwordless_url) parts.push(make('a', { class: 'button plain', href: challenge.passwordless_url }, 'Sign in without a password'));
  return parts;
}
