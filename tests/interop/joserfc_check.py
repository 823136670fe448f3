"""Checks Cloakroom's tokens against the PyPI package joserfc, both ways; see README.md."""

import base64
import json
import subprocess
import sys
import time
import traceback

from joserfc import errors, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey, import_key

ISSUER = "https://issuer.example"
AUDIENCE = "https://api.example"

checks = 0


def check(name, body):
    """Runs one check; the first that fails ends the run with its name."""
    global checks
    try:
        body()
    except Exception:
        sys.exit(f"{name}: {traceback.format_exc()}")
    checks += 1


def damaged(token):
    """The token with another subject; its signature is no longer right."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    other = json.dumps({**claims, "sub": "thief"}).encode()
    return ".".join([header, base64.urlsafe_b64encode(other).rstrip(b"=").decode(), signature])


def accepts(token, key, alg):
    read = jwt.decode(token, key, algorithms=[alg])
    assert read.header["typ"] == "at+jwt", read.header
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        iat={"essential": True},
    )
    registry.validate(read.claims)
    return read


def refuses(token, key, alg):
    try:
        jwt.decode(token, key, algorithms=[alg])
    except errors.BadSignatureError:
        return
    raise AssertionError("it was accepted")


def make(alg):
    """A key of their own for the algorithm."""
    if alg.startswith("HS"):
        return OctKey.generate_key(512)
    if alg.startswith(("RS", "PS")):
        return RSAKey.generate_key(2048)
    if alg.startswith("ES"):
        return ECKey.generate_key({"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[alg])
    return OKPKey.generate_key("Ed25519")


# Lines for `interop verify`: tokens that were made here.
lines = []


def sign(alg, key, jwk, kid):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user", "iat": now, "exp": now + 600}
    token = jwt.encode({"alg": alg, "kid": kid, "typ": "at+jwt"}, claims, key, algorithms=[alg])
    lines.append({"alg": alg, "jwk": jwk, "token": token})
    lines.append({"alg": alg, "jwk": jwk, "token": damaged(token), "refuse": True})


def sign_with_own(alg):
    key = make(alg)
    private = alg.startswith("HS")
    jwk = {**key.as_dict(private=private), "alg": alg, "use": "sig", "kid": key.thumbprint()}
    sign(alg, key, jwk, jwk["kid"])


def is_thumbprint(jwk):
    assert import_key(jwk).thumbprint() == jwk["kid"]


def served_by_set(token, keys, alg):
    accepts(token, KeySet.import_key_set({"keys": keys}), alg)


def ours_is_accepted(token, key, alg, kid):
    read = accepts(token, key, alg)
    assert read.claims["sub"] == "user é🧥", read.claims
    assert read.header["kid"] == kid, read.header


def verify_lines(interop):
    run = subprocess.run(
        [interop, "verify"],
        input="\n".join(map(json.dumps, lines)),
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) == len(lines), run.stdout


def main():
    global checks
    if len(sys.argv) != 2:
        sys.exit("usage: python joserfc_check.py <the interop example, built>")
    interop = sys.argv[1]
    printed = subprocess.run([interop], capture_output=True, check=True, encoding="utf-8").stdout
    ours = [json.loads(line) for line in printed.splitlines()]
    assert len(ours) == 14, len(ours)
    published = [line["jwk"] for line in ours if "jwk" in line]
    for line in ours:
        alg, token, private = line["alg"], line["token"], line["private_jwk"]
        jwk = line.get("jwk", private)
        key = import_key(jwk)
        check(f"{alg}: our token is accepted", lambda: ours_is_accepted(token, key, alg, jwk["kid"]))
        check(f"{alg}: our token is refused when it was changed", lambda: refuses(damaged(token), key, alg))
        if "jwk" in line:
            check(f"{alg}: our kid is the thumbprint", lambda: is_thumbprint(jwk))
            check(f"{alg}: our key set serves", lambda: served_by_set(token, published, alg))
        check(f"{alg}: our private key signs there", lambda: sign(alg, import_key(private), jwk, jwk["kid"]))
        check(f"{alg}: a key made there signs", lambda: sign_with_own(alg))
    check("their tokens are accepted, and refused when they were changed", lambda: verify_lines(interop))
    checks += len(lines) - 1
    print(f"{checks} checks with PyPI joserfc passed")


if __name__ == "__main__":
    main()
