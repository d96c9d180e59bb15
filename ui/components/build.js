// Bundles each component, <name>/<name>.ts with all that it imports, to dist/<name>.js and dist/<name>.css. These are
// kept in the repository: who runs the app needs no Node.
//   node build.js [NAME ...]        write dist/, or some components of it
//   node build.js --check           say whether dist/ is what the sources give
//   node build.js --test [FILE ...] run the tests, <name>/*.test.ts
//   node build.js --expose FILE ... print a script that puts all exports of these modules on `globalThis`
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
const OPTIONS = /** @type {const} */ ({
  absWorkingDir: HERE,
  bundle: true,
  format: "esm",
  target: "es2022",
  write: false,
});

/** `import text from "x.css?text"`: a file as text, rather than as a style of the component. */
const asText = {
  name: "text",
  /** @param {import("esbuild").PluginBuild} build */
  setup(build) {
    build.onResolve({ filter: /\?text$/ }, async ({ path, resolveDir }) => {
      const found = await build.resolve(path.slice(0, -"?text".length), { resolveDir, kind: "import-statement" });
      return { ...found, namespace: "text" };
    });
    build.onLoad({ filter: /.*/, namespace: "text" }, ({ path }) => ({
      contents: readFileSync(path, "utf8"),
      loader: "text",
    }));
  },
};

/** All folders with what ends so in them. @param {(folder: string, file: string) => boolean} accepts */
const list = (accepts) =>
  readdirSync(HERE, { withFileTypes: true })
    .filter((each) => each.isDirectory() && each.name !== "node_modules")
    .flatMap(({ name }) =>
      readdirSync(join(HERE, name))
        .filter((file) => accepts(name, file))
        .map((file) => `${name}/${file}`),
    )
    .sort();

/** What the licences of the packages say whose code is in the bundles. @param {string[]} inputs */
function gatherLicences(inputs) {
  const names = inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
  const packages = [...new Set(names)].filter((name) => name !== undefined).sort();
  const texts = packages.map((name) => {
    const folder = join(HERE, "node_modules", name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} has no licence`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return texts.join("\n\n");
}

/** Names of files for dist/ with their contents. @param {string[]} chosen */
async function bundle(chosen = []) {
  const found = list((folder, file) => file === `${folder}.ts`).map(dirname);
  const entryPoints = (chosen.length ? chosen : found).map((name) => ({ in: `${name}/${name}.ts`, out: name }));
  const made = await build({ ...OPTIONS, entryPoints, outdir: DIST, minify: true, metafile: true, plugins: [asText] });
  const files = new Map(made.outputFiles.map(({ path, text }) => [path.slice(DIST.length + 1), text]));
  if (!chosen.length) files.set("LICENSES.txt", gatherLicences(Object.keys(made.metafile.inputs)));
  return files;
}

/** @param {string[]} chosen */
async function write(chosen) {
  const files = await bundle(chosen);
  if (!chosen.length) rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(DIST, name), text);
}

async function check() {
  const [files, kept] = [await bundle(), existsSync(DIST) ? readdirSync(DIST) : []];
  const wrong = [...files].filter(
    ([name, text]) => !kept.includes(name) || readFileSync(join(DIST, name), "utf8") !== text,
  );
  const idle = kept.filter((name) => !files.has(name));
  const names = [...wrong.map(([name]) => name), ...idle].sort();
  if (names.length)
    console.error(`ui/components/dist is not what its sources give (${names.join(", ")}): run \`make components\``);
  return names.length ? 1 : 0;
}

/** @param {string[]} chosen */
async function test(chosen) {
  const outdir = join(HERE, "node_modules", ".cache", "tests");
  rmSync(outdir, { recursive: true, force: true });
  const entryPoints = chosen.length ? chosen : list((_, file) => file.endsWith(".test.ts"));
  const platform = /** @type {const} */ ("node");
  await build({
    ...OPTIONS,
    write: true,
    entryPoints,
    outdir,
    outbase: HERE,
    platform,
    sourcemap: "inline",
    plugins: [asText],
  });
  const files = entryPoints.map((path) => join(outdir, path.replace(/\.ts$/, ".js")));
  return spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" }).status ?? 1;
}

/** @param {string[]} modules */
async function expose(modules) {
  const contents = modules.map((path) => `export * from ${JSON.stringify(resolve(path))};`).join("\n");
  const stdin = { contents, resolveDir: HERE };
  const made = await build({
    ...OPTIONS,
    stdin,
    format: "iife",
    globalName: "exposed",
    plugins: [asText],
    outdir: DIST,
  });
  const script = made.outputFiles.find(({ path }) => path.endsWith(".js"));
  console.log(`${script?.text}\nObject.assign(globalThis, exposed);`);
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--check") process.exitCode = await check();
else if (mode === "--test") process.exitCode = await test(rest);
else if (mode === "--expose") await expose(rest);
else await write(mode === undefined ? [] : [mode, ...rest]);
