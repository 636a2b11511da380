// The steps of a flow in which people say more about themselves. `kit` holds what all steps are made of; see flow.mjs.

const inputs = {
  text: 'text', text_read_only: 'text', username: 'text', email: 'email', password: 'password', number: 'text', date: 'date', 'date-time': 'datetime-local',
  hidden: 'hidden', 'ak-locale': 'text', file: 'file',
};
const hints = { username: 'username', email: 'email', password: 'new-password', name: 'name' };
const nameKept = 'gatehouse.name';

// What was typed into a form that was refused. Passwords and files are asked for again.
const asksAnew = ['password', 'file', 'hidden'];
let typed = {};

/** A box on the first page that keeps the name in this browser, where the stage offers it. */
export function remembered(challenge, { make }) {
  if (!challenge.enable_remember_me) return [];
  const box = make('input', { id: 'keep-name', type: 'checkbox' });
  queueMicrotask(() => {
    const name = document.getElementById('uid_field');
    const kept = localStorage.getItem(nameKept);
    box.checked = kept !== null;
    if (name && !name.value && kept) name.value = kept;
    box.form?.addEventListener('submit', () => (box.checked ? localStorage.setItem(nameKept, name.value) : localStorage.removeItem(nameKept)));
  });
  return [make('div', { class: 'check' }, box, make('label', { for: 'keep-name' }, 'Fill in my name next time'))];
}

export const selfService = ({ make, faults, field, form, person, call }) => {
  const user = (challenge) => (challenge.pending_user ? person(challenge, challenge.flow_info?.cancel_url) : null);

  function described(challenge, asked, attributes) {
    const fault = faults(challenge, asked.field_key);
    const below = asked.sub_text ? make('p', { class: 'soft', id: `${asked.field_key}-hint` }, asked.sub_text) : null;
    const by = [fault?.id, below?.id].filter(Boolean).join(' ') || null;
    return { fault, below, attributes: { id: asked.field_key, name: asked.field_key, required: asked.required, 'aria-invalid': fault && 'true', 'aria-describedby': by, ...attributes } };
  }

  function choice(challenge, asked) {
    const { fault, below, attributes } = described(challenge, asked, {});
    if (asked.type === 'dropdown') {
      const options = (asked.choices ?? []).map((one) => make('option', { value: one.value, selected: one.value === asked.initial_value }, one.label));
      return [make('label', { for: asked.field_key }, asked.label), make('select', attributes, ...(asked.required ? [] : [make('option', { value: '' }, '')]), ...options), below, fault];
    }
    return [make('fieldset', { 'aria-invalid': attributes['aria-invalid'], 'aria-describedby': attributes['aria-describedby'] }, make('legend', {}, asked.label), ...(asked.choices ?? []).map((one, at) => make('div', { class: 'check' },
      make('input', { type: 'radio', id: `${asked.field_key}-${at}`, name: asked.field_key, value: one.value, checked: one.value === asked.initial_value }),
      make('label', { for: `${asked.field_key}-${at}` }, one.label)))), below, fault];
  }

  function one(challenge, asked) {
    switch (asked.type) {
      case 'separator': return [make('hr')];
      case 'static': return [make('p', {}, asked.initial_value || asked.label)];
      case 'alert_info': case 'alert_warning': return [make('p', { class: 'notice' }, asked.initial_value || asked.label)];
      case 'alert_danger': return [make('p', { class: 'error' }, asked.initial_value || asked.label)];
      case 'hidden': return [];
      case 'dropdown': case 'radio-button-group': return choice(challenge, asked);
      case 'checkbox': {
        const { fault, below, attributes } = described(challenge, asked, { type: 'checkbox', required: false, checked: asked.initial_value === 'true' || asked.initial_value === 'True' });
        return [make('div', { class: 'check' }, make('input', attributes), make('label', { for: asked.field_key }, asked.label)), below, fault];
      }
      case 'text_area': case 'text_area_read_only': {
        const { fault, below, attributes } = described(challenge, asked, { rows: 4, placeholder: asked.placeholder, readonly: asked.type === 'text_area_read_only' });
        return [make('label', { for: asked.field_key }, asked.label), make('textarea', attributes, asked.initial_value), below, fault];
      }
      default: {
        const hint = hints[asked.type === 'password' ? 'password' : asked.field_key] ?? 'off';
        const { fault, below, attributes } = described(challenge, asked, {
          type: inputs[asked.type] ?? 'text', placeholder: asked.placeholder || null, value: asked.type === 'file' ? null : asked.initial_value, autocomplete: hint,
          inputmode: asked.type === 'number' ? 'decimal' : null, readonly: asked.type === 'text_read_only', maxlength: 1024,
        });
        return [make('label', { for: asked.field_key }, asked.label), make('input', attributes), below, fault];
      }
    }
  }

  /** Nobody has to type all of it again because one answer was wrong. */
  function refill(challenge, made) {
    const fields = challenge.fields.filter((asked) => !asksAnew.includes(asked.type) && made.elements[asked.field_key] && !made.elements[asked.field_key].readOnly);
    if (challenge.response_errors) {
      for (const { field_key: key } of fields.filter((asked) => asked.field_key in typed)) {
        if (made.elements[key].type === 'checkbox') made.elements[key].checked = typed[key];
        else made.elements[key].value = typed[key];
      }
    }
    made.addEventListener('submit', () => {
      typed = Object.fromEntries(fields.map(({ field_key: key }) => [key, made.elements[key].type === 'checkbox' ? made.elements[key].checked : made.elements[key].value]));
    });
  }

  /** What a form can't say by itself: boxes as true or false, files as data URLs. */
  function whole(challenge, made) {
    refill(challenge, made);
    made.values = () => Object.fromEntries(challenge.fields.flatMap((asked) => {
      const input = made.elements[asked.field_key];
      if (asked.type === 'checkbox') return [[asked.field_key, input.checked]];
      return asked.type === 'file' ? [[asked.field_key, input.dataset.url ?? '']] : [];
    }));
    for (const input of made.querySelectorAll('input[type=file]')) {
      input.addEventListener('change', () => {
        const reader = new FileReader();
        reader.addEventListener('load', () => { input.dataset.url = reader.result; });
        if (input.files[0]) reader.readAsDataURL(input.files[0]);
      });
    }
    return made;
  }

  return {
    'ak-stage-prompt': (challenge) => {
      const fields = challenge.fields.flatMap((asked) => one(challenge, asked));
      return [whole(challenge, form(challenge, 'Continue', fields)), make('a', { class: 'button plain', href: challenge.flow_info.cancel_url }, 'Cancel')];
    },
    'ak-stage-user-login': (challenge) => {
      const answer = (remember) => {
        const button = make('button', { type: 'button', class: remember ? null : 'plain' }, remember ? 'Yes, stay signed in' : 'No');
        button.addEventListener('click', () => call({ component: challenge.component, remember_me: remember }));
        return button;
      };
      return [user(challenge), make('p', {}, 'Stay signed in on this browser? Say no where others use it, too.'), faults(challenge, 'remember_me'), answer(true), answer(false)];
    },
    'ak-stage-email': (challenge) => {
      const sent = (challenge.response_errors?.non_field_errors ?? []).map((fault) => fault.string).join(' ');
      const again = make('button', { type: 'button', class: 'plain' }, 'Send another message');
      again.addEventListener('click', () => call({ component: challenge.component }));
      return [user(challenge), make('p', { class: 'notice', role: 'status' }, sent || 'A message with a link is on its way.'), make('p', { class: 'soft' }, 'You can close this page: the link leads on.'), again];
    },
    'ak-stage-dummy': (challenge) => [make('p', {}, challenge.name), form(challenge, 'Continue', [])],
  };
};
