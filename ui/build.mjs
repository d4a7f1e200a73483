// Bundles style and script into static/dist, under names that carry their hash,
// with compressed copies of each and a manifest that the program reads.
import { build } from 'esbuild'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

const out = 'static/dist'

// NHS.UK frontend loads its licensed typeface from a server of the NHS. Pages
// fetch nothing from elsewhere, so the rule goes and the system typeface shows.
// Its icons are found beside its style, not at the root of a site.
const selfContained = {
  name: 'self-contained',
  setup(b) {
    b.onLoad({ filter: /nhsuk-frontend.*\.css$/ }, async ({ path: file }) => {
      const css = await readFile(file, 'utf8')
      const local = css.replace(/@font-face\s*{[^}]*}/g, '').replace(/\/assets\/images\//g, './assets/images/')
      return { contents: local, loader: 'css' }
    })
  }
}

await mkdir(out, { recursive: true })
for (const name of await readdir(out)) {
  if (name !== '.gitkeep') await rm(path.join(out, name))
}
const result = await build({
  entryPoints: ['assets/app.js', 'assets/app.css'],
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.svg': 'dataurl' },
  legalComments: 'none',
  metafile: true,
  logOverride: { 'css-syntax-error': 'silent' }, // hacks for browsers long gone
  plugins: [selfContained]
})

const manifest = {}
for (const [file, info] of Object.entries(result.metafile.outputs)) {
  if (!info.entryPoint) continue
  const bytes = await readFile(file)
  manifest[path.basename(info.entryPoint)] = path.basename(file)
  const gzip = gzipSync(bytes, { level: 9 })
  const brotli = brotliCompressSync(bytes) // at its best by itself
  await writeFile(file + '.gz', gzip)
  await writeFile(file + '.br', brotli)
  console.log(`${path.basename(file)}: ${bytes.length} bytes, ${gzip.length} as gzip, ${brotli.length} as Brotli`)
}
await writeFile(path.join(out, 'manifest.json'), JSON.stringify(manifest, null, 2) + '\n')
