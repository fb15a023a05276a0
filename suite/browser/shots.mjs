// Every kind of page at three widths, both lights, both languages: within its window, accessible, kept as a picture.
import { accessible, assert, browser, fits, open, picture, pages, quiet } from './lib.mjs';

const KINDS = {
  overview: '/errors',
  code: '/errors/4500',
  long: '/errors/4000',
  module_code: '/errors/cvm/100004',
  modules: '/modules',
  module: '/modules/cvm',
  action: '/modules/cvm/RunInstances',
  documents: '/docs',
  document: '/docs/authentication',
  search: '/search?q=nonce',
  missing: '/nothing-here',
  // What became of one call, by the link that its account's key signs; and a link that is not good.
  request: process.env.REQUEST.replace(pages, ''),
  no_request: '/requests/0199f3a2-5c1e-7d41-9b6a-3f6f1d2c8e90',
};
const STATUS = { missing: 404, no_request: 403 };

const chrome = await browser();
let checked = 0;
for (const [kind, path] of Object.entries(KINDS)) {
  const context = await chrome.newContext();
  const page = await open(context);
  for (const lang of ['en', 'zh']) {
    for (const theme of ['light', 'dark']) {
      const what = `${kind}-${lang}-${theme}`;
      const answer = await page.goto(`${pages}${path}${path.includes('?') ? '&' : '?'}lang=${lang}&theme=${theme}`);
      assert.equal(answer.status(), STATUS[kind] ?? 200, what);
      if (!(kind in STATUS)) quiet(page);
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await fits(page, `${what} at ${width}`);
        // One picture each in both lights, in English; of the code page all of them.
        if (lang === 'en' || kind === 'code') await picture(page, `${what}-${width}`);
      }
      await accessible(page, what);
      checked += 1;
    }
  }
  await context.close();
}
assert.equal(checked, 52);

// Every page that there is, by the list that assistants read; in a soak in both lights and languages, else every
// eighth, in one of the four.
const listed = await (await fetch(`${pages}/llms.txt`)).text();
const every = [...listed.matchAll(/\]\(([^)]+)\.md\)/g)].map((found) => found[1].replace(pages, ''));
assert.ok(every.length > 60, listed);
const looks = ['en&theme=light', 'zh&theme=dark', 'en&theme=dark', 'zh&theme=light'];
const soak = process.env.FAREGATE_SOAK !== undefined;
const context = await chrome.newContext({ viewport: { width: 320, height: 900 } });
const page = await open(context);
const faults = [];
for (const [place, path] of every.entries()) {
  if (!soak && place % 8 !== 0) continue;
  for (const look of soak ? looks : [looks[(place / 8) % 4]]) {
    const answer = await page.goto(`${pages}${path}?lang=${look}`);
    assert.equal(answer.status(), 200, path);
    quiet(page);
    for (const check of [fits, accessible]) {
      await check(page, `${path} in ${look}`).catch((fault) => faults.push(fault.message));
    }
    checked += 1;
  }
}
await chrome.close();
assert.deepEqual(faults, [], faults.join('\n'));
console.log(`${checked} pages of ${every.length}`);
