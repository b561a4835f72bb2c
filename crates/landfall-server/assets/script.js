'use strict';
// Keeps a page as it is on the server. Every element with `data-live` is a piece of the page that may
// change; when the server says that something did, the page is fetched again and those pieces are
// put in place of the old ones, but for one in which somebody is typing.

const live = document.querySelector('[data-live]');
// At most so often: what comes meanwhile is in the next fetch.
const PAUSE_MS = 500;
let due = false;
let busy = false;

async function refresh() {
  if (busy) {
    due = true;
    return;
  }
  busy = true;
  due = false;
  try {
    const answer = await fetch(location.href, {headers: {Accept: 'text/html'}});
    if (answer.redirected) location.reload();
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  } catch {
    // The stream says when the server is back.
  }
  setTimeout(() => {
    busy = false;
    if (due) refresh();
  }, PAUSE_MS);
}

function replace(fresh) {
  for (const old of document.querySelectorAll('[data-live]')) {
    const now = fresh.getElementById(old.id);
    if (!now || now.isEqualNode(old)) continue;
    if (old.contains(document.activeElement) && document.activeElement.matches('input, select, textarea')) continue;
    const held = document.activeElement?.closest('[data-live]') == old ? document.activeElement.id : '';
    old.replaceWith(document.importNode(now, true));
    if (held) document.getElementById(held)?.focus();
  }
  tick();
}

// A rotating code is fetched when its time is over.
let ticking;
function tick() {
  clearTimeout(ticking);
  const until = document.querySelector('[data-until]')?.dataset.until;
  if (until) ticking = setTimeout(refresh, Math.max(500, Date.parse(until) - Date.now() + 200));
}

if (live) {
  const stream = new EventSource('/api/v1/events');
  const lost = document.getElementById('lost');
  for (const kind of ['device', 'session', 'mark', 'resync']) stream.addEventListener(kind, refresh);
  stream.onopen = () => {
    if (!lost.hidden) refresh();
    lost.hidden = true;
  };
  stream.onerror = () => lost.hidden = false;
  tick();
}

// Times are typed in the zone of who types them, until another is named.
const zone = document.querySelector('[data-zone]');
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;

// What cannot be taken back is asked about.
document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.ask;
  if (question && !confirm(question)) event.preventDefault();
});
