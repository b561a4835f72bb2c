// A simulated device, and a Chromium that may talk to nothing else: what every test of this folder
// starts from.

import axe from 'axe-core';
import {chromium} from 'playwright-core';

export {CAFE, HOME, startDemo, startDevice} from '../simulator.js';

const BROWSER = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
const BROWSER_FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** One Chromium for the tests of a file, which closes it. */
export const startBrowser = () => chromium.launch({executablePath: BROWSER, args: BROWSER_FLAGS});

/**
 * Opens `url` as a phone would and watches it: whatever the page logs, throws, is refused by its
 * own policy or asks of a stranger ends up in `page.complaints`.
 */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({viewport: {width: 390, height: 844}, ...options});
  const page = await context.newPage();
  const complaints = [];
  page.posts = [];
  page.requested = [];
  page.complaints = complaints;
  page.on('console', (message) => {
    // The access point goes once a network is joined: what is refused then is no fault of the page.
    if (!message.text().includes('ERR_CONNECTION_REFUSED')) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol == 'data:') return;
    page.requested.push(request.method() + ' ' + target.pathname);
    if (request.method() == 'POST') page.posts.push({path: target.pathname, body: request.postData()});
    if (target.origin != new URL(url).origin) complaints.push(`stranger: ${target}`);
  });
  await page.goto(url);
  return page;
}

/** What axe finds against WCAG 2.2 AA and its own best practice, as one line each. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const {violations} = await page.evaluate(() => window.axe.run());
  return violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html}`));
}

/** Whether nothing sticks out at the sides. */
export const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

/** What can be touched and is lower than a fingertip. */
export const smallTargets = (page) => page.evaluate(() => [...document.querySelectorAll('button, input, textarea, a')]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 44)
  .map((node) => node.outerHTML));
