// Checks Cloakroom's tokens against the npm package jose, both ways; see README.md.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as jose from 'jose';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'https://api.example';
const EXPECTED = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', requiredClaims: ['exp', 'iat'] };

const interop = process.argv[2];
if (!interop) {
  console.error('usage: node jose.mjs <the interop example, built>');
  process.exit(2);
}

let checks = 0;

/** Runs one check; the first that fails ends the run with its name. */
async function check(name, body) {
  try {
    await body();
  } catch (error) {
    console.error(`${name}: ${error.stack ?? error}`);
    process.exit(1);
  }
  checks += 1;
}

/** The token with another first claim; its signature is no longer right. */
function damaged(token) {
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'thief' })).toString('base64url');
  return [header, other, signature].join('.');
}

const claims = () => {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: [AUDIENCE], sub: 'user', iat: now, exp: now + 600 };
};

// Lines for `interop verify`: tokens that were made here.
const lines = [];

async function sign(alg, key, jwk, kid) {
  const token = await new jose.SignJWT(claims()).setProtectedHeader({ alg, kid, typ: 'at+jwt' }).sign(key);
  lines.push({ alg, jwk, token }, { alg, jwk, token: damaged(token), refuse: true });
}

const ours = execFileSync(interop, { encoding: 'utf8' }).trim().split('\n').map((line) => JSON.parse(line));
assert.equal(ours.length, 14);

for (const { alg, jwk, private_jwk, token } of ours) {
  const verifying = jwk ?? private_jwk;
  await check(`${alg}: our token is accepted`, async () => {
    const key = await jose.importJWK(verifying, alg);
    const { payload, protectedHeader } = await jose.jwtVerify(token, key, { ...EXPECTED, algorithms: [alg] });
    assert.equal(payload.sub, 'user é🧥');
    assert.equal(protectedHeader.kid, verifying.kid);
  });
  await check(`${alg}: our token is refused when it was changed`, async () => {
    const key = await jose.importJWK(verifying, alg);
    await assert.rejects(jose.jwtVerify(damaged(token), key, EXPECTED), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  });
  if (jwk) {
    await check(`${alg}: our kid is the thumbprint`, async () => {
      assert.equal(await jose.calculateJwkThumbprint(jwk), jwk.kid);
    });
    await check(`${alg}: our key set serves`, async () => {
      const set = jose.createLocalJWKSet({ keys: ours.flatMap((line) => line.jwk ?? []) });
      await jose.jwtVerify(token, set, EXPECTED);
    });
  }
  await check(`${alg}: our private key signs there`, async () => {
    await sign(alg, await jose.importJWK(private_jwk, alg), verifying, verifying.kid);
  });
  await check(`${alg}: a key made there signs`, async () => {
    if (!jwk) {
      const key = await jose.generateSecret(alg, { extractable: true });
      const secret = { ...(await jose.exportJWK(key)), kid: 'theirs' };
      return sign(alg, key, secret, secret.kid);
    }
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const exported = { ...(await jose.exportJWK(publicKey)), alg, use: 'sig' };
    // Half of them without a kid of their own, to be found by thumbprint.
    const kid = await jose.calculateJwkThumbprint(exported);
    return sign(alg, privateKey, lines.length % 8 < 4 ? exported : { ...exported, kid }, kid);
  });
}

await check('their tokens are accepted, and refused when they were changed', () => {
  const input = lines.map((line) => JSON.stringify(line)).join('\n');
  const count = execFileSync(interop, ['verify'], { input, encoding: 'utf8' });
  assert.equal(Number(count), lines.length);
  checks += lines.length - 1;
});

console.log(`${checks} checks with npm jose passed`);
