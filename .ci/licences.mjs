// Lists the licence of each component of the bills of materials that are named,
// and fails when one may not be in the program, or has none that is known.
import { readFileSync } from 'node:fs'

const allowed = new Set(['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'MPL-2.0', 'Unlicense', 'CC0-1.0'])

// What the detector does not see or misnames, looked up by hand in the modules.
const byHand = [
  [/^golang\.org\/x\//, 'BSD-3-Clause'],
  [/^std$/, 'BSD-3-Clause'],
  [/^github\.com\/aws\/(aws-sdk-go-v2|smithy-go)/, 'Apache-2.0'],
  [/^github\.com\/alecthomas\/(chroma|kong)/, 'MIT'],
  [/^github\.com\/alexedwards\/scs/, 'MIT'],
  [/^github\.com\/ProtonMail\/go-crypto$/, 'BSD-3-Clause'],
  [/^dario\.cat\/mergo$/, 'BSD-3-Clause'],
  [/^htmx\.org$/, '0BSD']
]

let bad = 0
for (const file of process.argv.slice(2)) {
  for (const c of JSON.parse(readFileSync(file, 'utf8')).components) {
    const name = c.group ? `${c.group}/${c.name}` : c.name
    const known = byHand.find(([pattern]) => pattern.test(name))
    const found = [...(c.licenses ?? []), ...(c.evidence?.licenses ?? [])].map((l) => l.license?.id ?? l.license?.name ?? l.expression)
    const licences = known ? [known[1]] : found
    console.log(`${name} ${c.version} ${licences.join(' or ') || 'unknown'}`)
    if (!licences.some((l) => allowed.has(l))) {
      console.error(`${name} ${c.version}: the licence ${licences.join(', ') || 'is unknown'}: not on the list in .ci/licences.mjs`)
      bad++
    }
  }
}
process.exit(bad ? 1 : 0)
