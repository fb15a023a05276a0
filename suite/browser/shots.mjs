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
};

const chrome = await browser();
let checked = 0;
for (const [kind, path] of Object.entries(KINDS)) {
  const context = await chrome.newContext();
  const page = await open(context);
  for (const lang of ['en', 'zh']) {
    for (const theme of ['light', 'dark']) {
      const what = `${kind}-${lang}-${theme}`;
      const answer = await page.goto(`${pages}${path}${path.includes('?') ? '&' : '?'}lang=${lang}&theme=${theme}`);
      assert.equal(answer.status(), kind === 'missing' ? 404 : 200, what);
      if (kind !== 'missing') quiet(page);
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await fits(page, `${what} at ${width}`);
        // One picture each in English and light; of the code page all of them.
        if (what.endsWith('en-light') || kind === 'code') await picture(page, `${what}-${width}`);
      }
      await accessible(page, what);
      checked += 1;
    }
  }
  await context.close();
}
await chrome.close();
assert.equal(checked, 44);
console.log(`${checked} pages`);
