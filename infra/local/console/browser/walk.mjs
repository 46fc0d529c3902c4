// Walks the console of a running platform in Chromium as a person without a mouse does, in Hebrew and in English, and fails when
// a page cannot be reached by Tab and Enter, shows no focus, logs an error, asks another host for anything, does not put the focus on
// what an action came to, or has a serious violation of axe's rules.
//
//   node walk.mjs URL [folder of pictures]
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const [url, pictures] = process.argv.slice(2)
const executablePath = process.env.CHROMIUM
if (!url || !executablePath) {
  console.error('usage: CHROMIUM=/usr/bin/chromium node walk.mjs http://127.0.0.1:3001 [folder]')
  process.exit(2)
}
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sections = ['', '/functions', '/trace', '/queues', '/schedules', '/sandboxes', '/tokens', '/clock', '/api']
const faults = []
const began = Date.now()
let checked = 0

await fetch(`${url}/v1/me`) // refused, so that there is a request to trace

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  await walk('he', 'light')
  await walk('en', 'dark')
} finally {
  await browser.close()
}
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exit(1)
}
console.log(`${checked} pages in Hebrew and English: reached by keyboard, no serious violation, nothing from elsewhere (${Math.round((Date.now() - began) / 1000)} s).`)

async function walk(lang, colorScheme) {
  // A narrow window shows what does not fit; pictures are taken at the same size.
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, colorScheme, locale: lang, bypassCSP: true })
  const page = await context.newPage()
  const fault = (text) => {
    faults.push(`${lang} ${new URL(page.url()).pathname}: ${text}`)
    return false
  }
  page.on('console', (m) => m.type() === 'error' && fault(`console: ${m.text()}`))
  page.on('pageerror', (e) => fault(`script: ${e.message}`))
  page.on('request', (r) => r.url().startsWith('data:') || new URL(r.url()).host === new URL(url).host || fault(`asked for ${r.url()}`))

  await context.addInitScript(axe)
  await page.goto(`${url}/_dev?lang=${lang}`)
  await skipLink()
  for (const section of sections) {
    await follow(`/_dev${section}`)
    await shot(section.slice(1) || 'overview')
    await check(section || '/overview')
  }
  await visit('/functions', /\/_dev\/functions\/api-org-get-me$/, 'function')
  await visit('/trace', /\/_dev\/trace\?id=/, 'of-a-request')
  for (const sandbox of ['cardcom', 'clerk', 'neon']) await visit('/sandboxes', new RegExp(`/_dev/sandboxes/${sandbox}$`), sandbox)
  await mint()
  await runSchedule()
  await moveClock()
  await context.close()

  // skipLink is the first stop, and leads past the navigation.
  async function skipLink() {
    await page.keyboard.press('Tab')
    if (!(await page.locator('.skip').evaluate((e) => e === document.activeElement))) fault('the first stop is not the link that skips the navigation')
    await page.keyboard.press('Enter')
    if (!(await page.locator('main').evaluate((e) => e === document.activeElement))) fault('the link that skips the navigation does not lead to the content')
    await page.goto(`${url}/_dev`)
  }

  // tabTo presses Tab until wanted says yes of what has the focus, and sees that each stop shows it.
  async function tabTo(wanted, what) {
    for (let i = 0; i < 400; i++) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate(() => {
        const e = document.activeElement
        const shown = getComputedStyle(e)
        return { href: e.href ?? '', tag: e.tagName, text: e.innerText ?? '', name: e.name ?? '', action: e.form?.method === 'post' ? e.form.getAttribute('action') : '', outlined: shown.outlineStyle !== 'none' && parseFloat(shown.outlineWidth) >= 2 }
      })
      if (stop.tag === 'BODY') break // all the way round
      if (!stop.outlined) return fault(`${stop.tag} ${stop.text} shows no focus`)
      if (wanted(stop)) return true
    }
    return fault(`${what} cannot be reached by Tab`)
  }

  // press presses a key that leads to another page.
  async function press(key) {
    const from = page.url()
    const loaded = page.waitForEvent('load', { timeout: 20_000 }).catch(() => fault(`${key} led nowhere from ${from}`))
    await page.keyboard.press(key)
    await loaded
  }

  async function follow(href) {
    const found = typeof href === 'string' ? (s) => s.href === url + href : (s) => href.test(s.href)
    if (await tabTo(found, `the link to ${href}`)) await press('Enter')
  }

  async function visit(from, link, name) {
    await page.goto(`${url}/_dev${from}`)
    await follow(link)
    await shot(name)
    await check(name)
  }

  async function check(name) {
    checked++
    const frame = await page.evaluate(() => ({
      lang: document.documentElement.lang, dir: document.documentElement.dir, wide: document.scrollingElement.scrollWidth > innerWidth,
      current: document.querySelectorAll('header [aria-current]').length, heading: document.querySelectorAll('h1').length,
    }))
    if (frame.lang !== lang || frame.dir !== (lang === 'he' ? 'rtl' : 'ltr')) fault(`is in ${frame.lang} ${frame.dir}`)
    if (frame.wide) fault('is wider than the window')
    if (frame.current !== 1 || frame.heading !== 1) fault(`${frame.current} entries of the navigation are the current one, ${frame.heading} headings are the first`)
    // What follows in a long table or list is made by the same lines of a template; axe would take a minute for all of it.
    await page.evaluate(() => document.querySelectorAll('tbody tr:nth-child(n+3), article:nth-of-type(n+2), .contents li:nth-child(n+3)').forEach((e) => e.remove()))
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], preload: false, iframes: false }))
    for (const v of violations.filter((v) => ['serious', 'critical'].includes(v.impact))) {
      fault(`${name}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html).join(' | ')}`)
    }
  }

  async function shot(name) {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${lang}.png`) })
  }

  async function submit(path, action, expected, { before = async () => {}, picture } = {}) {
    await page.goto(`${url}/_dev${path}`)
    await before()
    if (!(await tabTo((s) => s.tag === 'BUTTON' && s.action === `/_dev${action}`, `the button of ${action}`))) return
    await press('Enter')
    const said = await page.locator('main [role=status]').innerText().catch(() => '')
    if (!expected.test(said)) fault(`after ${action} it says ${JSON.stringify(said)}`)
    if (!(await page.locator('#note').evaluate((e) => e === document.activeElement))) fault(`after ${action} the focus is not on what it says`)
    const [sentence] = said.split('\n')
    if (!(await page.title()).startsWith(`${sentence} · `)) fault(`after ${action} the title is ${await page.title()}`)
    if (picture) await shot(picture)
    await check(action)
  }

  async function mint() {
    await submit('/tokens', '/tokens', /eyJ[\s\S]*curl -H 'Authorization: Bearer eyJ/, {
      before: async () => {
        if (await tabTo((s) => s.name === 'role', 'the choice of a role')) await page.keyboard.press('ArrowDown')
      },
    })
  }

  async function runSchedule() {
    await submit('/schedules', '/schedules/job-relay/run', /"ran":/)
  }

  async function moveClock() {
    await submit('/clock', '/clock/studio', /./)
    const studio = new URL(page.url()).searchParams.get('org')
    await submit(`/clock?org=${studio}`, '/clock', /\d{4}-\d\d-\d\d/, { picture: 'clock-moved' })
  }
}
