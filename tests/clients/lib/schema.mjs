// Which answer each operation of authentik's API has, and what every object in it must hold: read from the official client itself.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../node_modules/@goauthentik/api/dist/', import.meta.url).pathname;

const models = new Map();

/** The fields of a model: name on the wire, whether it must be there, whether it is a list, and the model of what is in it. */
export function fieldsOf(model) {
  if (!models.has(model)) {
    const text = readFileSync(join(root, 'models', `${model}.js`), 'utf8');
    const body = text.slice(text.indexOf(`function ${model}FromJSONTyped(`), text.indexOf(`function ${model}ToJSON(`));
    models.set(model, [...body.matchAll(/^\s+'\w+': (.*json\['([^']+)'\].*),$/gm)].map(([, value, name]) => field(name, value)));
  }
  return models.get(model);
}

function field(name, value) {
  const nested = value.match(/([A-Z]\w+)FromJSON\b/)?.[1];
  return { name, isOptional: value.includes('== null ? undefined'), isNullable: value.includes('== null ? null'), isList: value.includes('.map('), isDate: value.includes('new Date('), nested };
}

/** Every GET without keys in its path: its path and the model of its answer. */
export function readings() {
  const found = [];
  for (const file of readdirSync(join(root, 'apis')).filter((name) => /Api\.js$/.test(name))) {
    const text = readFileSync(join(root, 'apis', file), 'utf8');
    const pieces = text.split(/\n    async /);
    const paths = new Map();
    for (const piece of pieces) {
      const name = piece.match(/^(\w+)RequestOpts\(/)?.[1];
      if (name && /method: 'GET'/.test(piece)) paths.set(name, piece.match(/let urlPath = `([^`]+)`/)?.[1]);
    }
    for (const piece of pieces) {
      const path = paths.get(piece.match(/^(\w+)Raw\(/)?.[1]);
      const [, list, model] = piece.match(/JSONApiResponse\(response, \(jsonValue\) => (jsonValue\.map\()?.*?([A-Z]\w+)FromJSON/) ?? [];
      if (path && model && !path.includes('{')) found.push({ path, model, isList: Boolean(list) });
    }
  }
  return found;
}

/** Every list without keys in its path: its path, and the names that its query may have. */
export function listings() {
  const found = [];
  for (const file of readdirSync(join(root, 'apis')).filter((name) => /Api\.js$/.test(name))) {
    for (const piece of readFileSync(join(root, 'apis', file), 'utf8').split(/\n    async /)) {
      const path = piece.match(/let urlPath = `([^`]+)`/)?.[1];
      const names = [...piece.matchAll(/queryParameters\['([^']+)'\]/g)].map(([, name]) => name);
      if (/^\w+ListRequestOpts\(/.test(piece) && path && !path.includes('{') && names.includes('page')) found.push({ path, names: [...new Set(names)] });
    }
  }
  return found;
}

/** What is missing in `value` for it to be a `model`: paths of keys. */
export function faults(model, value, at = model) {
  if (value === null || typeof value !== 'object') return [`${at} is no object`];
  const missing = [];
  for (const { name, isOptional, isNullable, isList, isDate, nested } of fieldsOf(model)) {
    const here = value[name];
    if (here === undefined) {
      if (!isOptional) missing.push(`${at}.${name} is missing`);
      continue;
    }
    if (here === null && !isOptional && !isNullable && (isDate || isList)) missing.push(`${at}.${name} is null`);
    if (isDate && here !== null && Number.isNaN(Date.parse(here))) missing.push(`${at}.${name} is no date: ${here}`);
    if (here === null || !nested) continue;
    for (const [index, item] of (isList ? here : [here]).entries()) if (item !== null && typeof item === 'object') missing.push(...faults(nested, item, `${at}.${name}${isList ? `[${index}]` : ''}`));
  }
  return missing;
}
