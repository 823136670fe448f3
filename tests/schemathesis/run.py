"""Runs schemathesis against a server, and demands that every operation was seen to succeed."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

SEED = 1
EXAMPLES = 20
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
]
# An answer without an end, which would be waited for: `crates/server/tests/it/api/revocations.rs` reads it.
ENDLESS = "/api/v1/revocations"
METHODS = {"get", "put", "post", "patch", "delete", "head", "options"}


def main() -> int:
    url, email, password = sys.argv[1:]
    here = pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        answered = pathlib.Path(folder, "answered.json")
        environment = os.environ | {
            "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(here),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CLOAKROOM_URL": url,
            "CLOAKROOM_EMAIL": email,
            "CLOAKROOM_PASSWORD": password,
            "CLOAKROOM_ANSWERED": str(answered),
        }
        command = [
            str(pathlib.Path(sys.executable).parent / "schemathesis"),
            f"--config-file={here / 'schemathesis.toml'}",
            "run",
            f"{url}/openapi.json",
            f"--exclude-path={ENDLESS}",
            f"--checks={','.join(CHECKS)}",
            "--phases=examples,coverage,fuzzing",
            f"--max-examples={EXAMPLES}",
            f"--seed={SEED}",
            "--generation-database=none",
            "--continue-on-failure",
            "--workers=1",
        ]
        # A folder of its own: schemathesis and hypothesis leave files where they run.
        finished = subprocess.run(command, cwd=folder, env=environment, check=False)
        statuses = json.loads(answered.read_text())
    never = []
    for operation in operations(url):
        seen = statuses.get(operation, {})
        print(f"{operation:55} " + " ".join(f"{status}×{n}" for status, n in sorted(seen.items())))
        if not any(status.startswith("2") for status in seen):
            never.append(operation)
    if never:
        print("never answered 2xx: " + ", ".join(never))
    return 1 if never else finished.returncode


def operations(url: str) -> list[str]:
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        document = json.load(answer)
    return [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        if path != ENDLESS
        for method in item
        if method in METHODS
    ]


if __name__ == "__main__":
    sys.exit(main())
