// The pages about second factors: a button asks the browser for a proof or a new credential, and its form carries the answer.
import { create, get, isSupported } from './webauthn.mjs';

for (const form of document.querySelectorAll('form[data-webauthn]')) {
  const button = form.querySelector('button');
  const status = form.querySelector('[role=status]');
  if (!isSupported()) {
    button.disabled = true;
    status.textContent = 'This browser can’t use security keys or biometrics here.';
    continue;
  }

  const ask = form.dataset.webauthn === 'create' ? create : get;
  form.addEventListener('submit', async (event) => {
    if (form.elements.credential.value) {
      return;
    }

    event.preventDefault();
    button.disabled = true;
    status.textContent = 'Waiting for your security key or device …';
    try {
      form.elements.credential.value = JSON.stringify(await ask(JSON.parse(form.dataset.options)));
      status.textContent = '';
      form.submit();
    } catch (error) {
      button.disabled = false;
      status.textContent = error.name === 'InvalidStateError'
        ? 'This security key or device is enrolled already.'
        : 'The browser got no answer from a security key or device. Try again, or use another way.';
      button.focus();
    }
  });
}
