// What proves a second factor without a browser: a security key in software (WebAuthn level 2, ES256, attestation none). Codes of an app are in chromium.mjs.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const text = (bytes) => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const number = (value, size) => { const bytes = Buffer.alloc(size); bytes.writeUIntBE(value, 0, size); return bytes; };

// CBOR (RFC 8949): texts shorter than 24 bytes, byte strings shorter than 64 KiB.
const word = (value) => Buffer.concat([Buffer.from([0x60 | value.length]), Buffer.from(value)]);
const string = (bytes) => Buffer.concat([Buffer.from([0x59]), number(bytes.length, 2), bytes]);

export class SoftKey {
  constructor(origin) {
    this.origin = origin;
    this.id = randomBytes(32);
    this.count = 0;
    this.pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  /** Answers navigator.credentials.create; remembers whom it names. */
  create(options) {
    this.owner = options.user.id;
    const { x, y } = this.pair.publicKey.export({ format: 'jwk' });
    const cose = Buffer.concat([Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]), string(Buffer.from(x, 'base64url')), Buffer.from([0x22]), string(Buffer.from(y, 'base64url'))]);
    const data = this.#data(0x45, options.rp.id, Buffer.concat([Buffer.alloc(16), number(this.id.length, 2), this.id, cose]));
    const attestation = Buffer.concat([Buffer.from([0xa3]), word('fmt'), word('none'), word('attStmt'), Buffer.from([0xa0]), word('authData'), string(data)]);
    return this.#posted({ clientDataJSON: text(this.#client('webauthn.create', options.challenge)), attestationObject: text(attestation), transports: ['usb'] });
  }

  /** Answers navigator.credentials.get. */
  get(options) {
    this.count++;
    const data = this.#data(0x05, options.rpId);
    const client = this.#client('webauthn.get', options.challenge);
    const signature = sign('sha256', Buffer.concat([data, sha256(client)]), this.pair.privateKey);
    return this.#posted({ clientDataJSON: text(client), authenticatorData: text(data), signature: text(signature), userHandle: this.owner });
  }

  #posted(response) {
    return { id: text(this.id), rawId: text(this.id), type: 'public-key', response };
  }

  #client(type, challenge) {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }

  #data(flags, party, more = Buffer.alloc(0)) {
    return Buffer.concat([sha256(party), Buffer.from([flags]), number(this.count, 4), more]);
  }
}
