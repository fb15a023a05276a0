// What the journeys share: Debian's Chromium, driven by playwright-core; axe-core; screenshots.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

// Installed by scripts/test under target/browser: nothing of it is part of the product.
const modules = createRequire(path.join(process.env.BROWSER_MODULES, 'here.js'));
const { chromium } = modules('playwright-core');
const axe = fs.readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');

export const pages = process.env.PAGES;
export const out = process.env.SCREENSHOTS;

export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

// A page that fails the test at the first error of the console, a blocked resource included.
export async function open(context, address) {
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.faults = faults;
  if (address) await page.goto(pages + address);
  return page;
}

export function quiet(page) {
  assert.deepEqual(page.faults, [], page.url());
}

// WCAG 2.2 A and AA, and axe's own best practices: none may be broken. Run by the debugger's protocol, so the
// policy of the page stays as it is.
export async function accessible(page, what) {
  await page.evaluate(axe + '; undefined');
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const told = found.violations.map((rule) =>
    `${rule.id}: ${rule.help}: ${rule.nodes.slice(0, 3).map((node) => node.html).join(' | ')}`);
  assert.deepEqual(told, [], `${what} breaks accessibility`);
}

// Nothing reaches over the edge of the window.
export async function fits(page, what) {
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const over = [...document.querySelectorAll('body *')]
      .filter((one) => one.getBoundingClientRect().right > clientWidth)
      .map((one) => `${one.tagName}.${one.className}`);
    return [`${scrollWidth} px`, ...over];
  });
  assert.deepEqual(wide, [], `${what} is wider than its window`);
}

export async function picture(page, name) {
  fs.mkdirSync(out, { recursive: true });
  await page.screenshot({ path: path.join(out, `${name}.png`), fullPage: true });
}

export { assert };
