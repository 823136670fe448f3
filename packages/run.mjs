// Builds the packages, checks the types of their tests, runs these, and imports what npm would publish from an empty folder.
//
//     node run.mjs               everything
//     node run.mjs feed tokens   the tests of files with such names, after a build

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PACKAGES = ["browser", "node"];
const TSC = join(HERE, "node_modules/typescript/bin/tsc");
const wanted = process.argv.slice(2);

function run(command, options, folder = HERE) {
  console.log(`$ ${[command === process.execPath ? "node" : command, ...options].join(" ").replaceAll(HERE, "")}`);
  const { status, error } = spawnSync(command, options, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
  assert.equal(error, undefined);
  if (status !== 0) process.exit(status ?? 1);
}

const compile = (...options) => run(process.execPath, [TSC, ...options, "--pretty", "false"]);

/** Directories are given file by file: how they are searched differs between versions of Node. */
function testsOf(folder) {
  const files = readdirSync(folder, { recursive: false, withFileTypes: true });
  return files.flatMap((file) => {
    const path = join(folder, file.name);
    if (file.isDirectory()) return testsOf(path);
    return file.name.endsWith(".test.js") && (wanted.length === 0 || wanted.some((word) => path.includes(word))) ? [path] : [];
  });
}

/** What npm would publish, unpacked beside what it depends on, and nothing of this folder. */
function tryPacked() {
  const folder = mkdtempSync(join(tmpdir(), "cloakroom-packed-"));
  const modules = join(folder, "node_modules");
  try {
    for (const name of PACKAGES) {
      run("npm", ["pack", "--silent", "--pack-destination", folder], join(HERE, name));
      const { name: scoped, version } = JSON.parse(readFileSync(join(HERE, name, "package.json"), "utf8"));
      const packed = join(folder, `${scoped.replace("@", "").replace("/", "-")}-${version}.tgz`);
      const into = join(modules, scoped);
      mkdirSync(into, { recursive: true });
      run("tar", ["-xzf", packed, "-C", into, "--strip-components=1"]);
    }
    for (const dependency of ["jose", "fastify"]) {
      cpSync(join(HERE, "node_modules", dependency), join(modules, dependency), { recursive: true });
    }
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    cpSync(join(HERE, "packed.ts"), join(folder, "packed.ts"));
    const types = ["--types", "node", "--typeRoots", join(HERE, "node_modules/@types")];
    const strict = ["--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom", "--skipLibCheck"];
    run(process.execPath, [TSC, "--pretty", "false", ...strict, ...types, join(folder, "packed.ts")], folder);
    run(process.execPath, [join(folder, "packed.js")], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

compile("--build", ...PACKAGES);
for (const name of PACKAGES) compile("--project", join(name, "test"));
const tests = PACKAGES.flatMap((name) => testsOf(join(HERE, name, "build")));
assert.ok(tests.length > 0, `no test is called like ${wanted.join(", ")}`);
// Where `localhost` is `::1` first, Node 18 tries nothing else, and the server is not there.
run(process.execPath, ["--dns-result-order=ipv4first", "--test", ...tests]);
if (wanted.length === 0) tryPacked();
