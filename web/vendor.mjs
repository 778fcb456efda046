// Bundles GraphiQL and what it needs into gen, from the exact versions in package-lock.json. Needs npm and the network only
// when a source changed since: gen/manifest.json remembers what gen was made from.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const sources = ["package-lock.json", "package.json", "vendor.mjs", "graphiql/main.js", "page/session.js"];
const outputs = ["gen/graphiql.js", "gen/graphiql.css", "gen/LICENSES.txt"];
const manifest = join(here, "gen/manifest.json");

const sums = (names) => Object.fromEntries(names.map((name) => {
  const file = join(here, name);
  return [name, existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : null];
}));

const fresh = () => JSON.stringify({ sources: sums(sources), outputs: sums(outputs) }, null, 2) + "\n";

if (existsSync(manifest) && readFileSync(manifest, "utf8") === fresh()) process.exit(0);

// The packages stay outside of the tree: some hold Go files, which go would take for ours.
const shop = mkdtempSync(join(tmpdir(), "finco-web-"));
process.on("exit", () => rmSync(shop, { recursive: true, force: true }));
for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(here, name), join(shop, name));
execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], { cwd: shop, stdio: "inherit" });
const { build } = createRequire(join(shop, "package.json"))("esbuild");
mkdirSync(join(here, "gen"), { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: { graphiql: "graphiql/main.js" },
  outdir: "gen",
  bundle: true,
  nodePaths: [join(shop, "node_modules")],
  minify: true,
  format: "esm",
  target: "es2022",
  loader: { ".woff2": "dataurl" },
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

// The licences of all that is in the bundle.
const modules = Object.keys(result.metafile.inputs).map((path) => path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]);
const notes = [...new Set(modules.filter(Boolean))].sort().map((folder) => {
  const about = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE"].map((n) => join(here, folder, n)).find(existsSync);
  return `${about.name} ${about.version} (${about.license})\n\n${file ? readFileSync(file, "utf8").trim() : ""}\n`;
});
writeFileSync(join(here, "gen/LICENSES.txt"), notes.join("\n----\n\n").replace(/\r/g, "").replace(/[ \t]+$/gm, ""));
writeFileSync(manifest, fresh());
