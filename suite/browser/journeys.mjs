// What people do on the pages, one journey a name: node journeys.mjs NAME.
import { accessible, assert, browser, open, pages, quiet } from './lib.mjs';

const chrome = await browser();

const JOURNEYS = {
  // The address that a refusal gave leads to its reason, and from there to what to do.
  async docs() {
    const context = await chrome.newContext();
    const page = await open(context);
    await page.goto(process.env.DOC_URL);
    const reason = new URL(process.env.DOC_URL).hash.slice(1);
    assert.ok(await page.locator(`#${reason}`).isVisible());
    assert.ok(await page.locator(`.cause:has(#${reason})`).innerText().then((text) => text.includes('×')), 'counted');
    const commands = page.locator(`.cause:has(#${reason}) pre code`);
    assert.ok(await commands.isVisible(), 'the commands of the reason that was asked for are open');
    await page.getByRole('navigation', { name: 'On this page' }).getByText('How to fix it').click();
    assert.ok(page.url().endsWith('#fix'));
    assert.ok(await page.locator('section:has(#fix) li').first().innerText().then((text) => text.includes('CLI')));
    quiet(page);
    console.log(await commands.innerText());
  },

  async search() {
    for (const javaScriptEnabled of [true, false]) {
      const context = await chrome.newContext({ javaScriptEnabled });
      const page = await open(context, '/errors');
      for (const [question, first] of [
        ['NONCE_SEEN', '/errors/4500#NONCE_SEEN'],
        ['(100004) incorrect projectId', '/errors/cvm/100004'],
        ['RunInstances', '/modules/cvm/RunInstances'],
      ]) {
        await page.getByRole('searchbox').fill(question);
        await page.getByRole('searchbox').press('Enter');
        await page.waitForURL('**/search?q=*');
        const hit = page.locator('.hits a').first();
        assert.equal(await hit.getAttribute('href'), first);
        await hit.click();
        await page.waitForURL(`**${first}`);
      }
      quiet(page);
      await context.close();
    }
  },

  // A vote without a script and one with it; the second is told on the page itself.
  async vote() {
    for (const javaScriptEnabled of [false, true]) {
      const context = await chrome.newContext({ javaScriptEnabled });
      const page = await open(context, '/errors/4500');
      await page.getByLabel('Not very helpful').check();
      await page.getByRole('textbox', { name: /What is missing/ }).fill(`<b>script ${javaScriptEnabled}</b>`);
      await page.getByRole('button', { name: 'Send Feedback' }).click();
      if (javaScriptEnabled) {
        const link = page.locator('.said a');
        await link.waitFor();
        assert.ok((await page.locator('.said').innerText()).startsWith('Thank you.'));
        assert.equal(await page.getByRole('button', { name: 'Send Feedback' }).isVisible(), false);
        assert.equal(page.url(), `${pages}/errors/4500`);
        await link.click();
      }
      await page.waitForURL('**/feedback/*');
      assert.ok((await page.locator('main').innerText()).includes(`<b>script ${javaScriptEnabled}</b>`), 'as text');
      assert.equal(await page.locator('main b').count(), 0);
      quiet(page);
      if (javaScriptEnabled) await accessible(page, 'the receipt');
      console.log(page.url());
      await context.close();
    }
  },

  // What an operator answered stands under the receipt.
  async answer() {
    const context = await chrome.newContext();
    const page = await open(context);
    await page.goto(process.env.RECEIPT);
    assert.ok((await page.locator('main').innerText()).includes(process.env.ANSWER));
  },

  async choices() {
    const paper = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = 'rgb(255, 255, 255)';
    for (const javaScriptEnabled of [true, false]) {
      const context = await chrome.newContext({ javaScriptEnabled, colorScheme: 'light' });
      const page = await open(context, '/errors/4500');
      await page.getByRole('link', { name: '中文' }).click();
      await page.getByRole('heading', { name: '可能的原因' }).waitFor();
      assert.equal(await page.getAttribute('html', 'lang'), 'zh');
      if (javaScriptEnabled) assert.equal(await paper(page), light);
      await page.getByRole('link', { name: '深色' }).click();
      await page.locator('html[data-theme=dark]').waitFor();
      if (javaScriptEnabled) {
        assert.notEqual(await paper(page), light);
        await page.reload();
        assert.notEqual(await paper(page), light, 'the choice is kept');
      }
      await page.getByRole('link', { name: '模块', exact: true }).first().click();
      await page.locator('html[lang=zh][data-theme=dark]').waitFor();
      await page.getByRole('link', { name: '浅色' }).click();
      await page.locator('html[lang=zh][data-theme=light]').waitFor();
      await page.getByRole('link', { name: 'English' }).click();
      await page.locator('html[lang=en]').waitFor();
      quiet(page);
      await context.close();
    }
    const context = await chrome.newContext({ colorScheme: 'dark', locale: 'zh-CN' });
    const page = await open(context, '/errors');
    assert.notEqual(await paper(page), light, 'as the system has it');
    assert.equal(await page.getAttribute('html', 'lang'), 'zh', 'as the browser prefers');
  },

  // Every page by keyboard: the skip link first, then everything that can be used, each one visible and marked.
  async keyboard() {
    const context = await chrome.newContext();
    const page = await open(context);
    for (const path of ['/errors', '/errors/4500', '/errors/cvm/100004', '/modules', '/modules/cvm',
      '/modules/cvm/StopInstances', '/docs', '/docs/protocols', '/search?q=nonce']) {
      await page.goto(pages + path);
      await page.keyboard.press('Tab');
      const first = await page.evaluate(() => document.activeElement.className);
      assert.equal(first, 'skip', path);
      const reached = new Set(['0']);
      await page.evaluate(() => {
        const usable = 'a[href], button, input:not([type=hidden]), textarea, summary, [tabindex="0"]';
        const all = [...document.querySelectorAll(usable)].filter((one) => one.checkVisibility());
        // Of the five levels one is a stop: arrows choose among them.
        const stops = all.filter((one) => one.type !== 'radio' || one.value === '1');
        stops.forEach((one, n) => { one.dataset.stop = n; });
        window.stops = stops.length;
      });
      const stops = await page.evaluate(() => window.stops);
      for (let n = 1; n < stops; n += 1) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const one = document.activeElement;
          const style = getComputedStyle(one);
          const box = one.getBoundingClientRect();
          return { stop: one.dataset.stop, marked: style.outlineStyle !== 'none',
            seen: box.bottom > 0 && box.top < innerHeight, what: one.outerHTML.slice(0, 80) };
        });
        assert.ok(at.marked && at.seen, `${path}: ${JSON.stringify(at)}`);
        reached.add(at.stop);
      }
      assert.equal(reached.size, stops, `${path}: every stop is reached`);
    }
    await page.goto(`${pages}/errors/4500`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.ok(page.url().endsWith('#content'), 'the skip link skips');
    await page.locator('.cause summary').first().focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('.cause pre').first().isVisible(), 'Enter opens the commands');
    await page.locator('input[type=radio]').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.said a').waitFor();
    quiet(page);
  },

  // The instrument itself: a fault that is planted is found.
  async planted() {
    const context = await chrome.newContext();
    const page = await open(context, '/errors');
    await page.evaluate(() => {
      const image = document.createElement('img');
      document.querySelector('main').append(image);
    });
    await assert.rejects(accessible(page, 'a planted image'), /image-alt/);
  },
};

const name = process.argv[2];
assert.ok(Object.hasOwn(JOURNEYS, name), `no journey ${name}`);
await JOURNEYS[name]();
await chrome.close();
