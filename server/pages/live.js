// Keeps the parts of a page that carry data-live as the server sees them, without a reload. Pages work without it.
(() => {
  'use strict';
  document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  const parts = () => document.querySelectorAll('[data-live]');
  if (!parts().length || !window.EventSource) return;
  const pulse = document.getElementById('pulse');
  let busy = false, again = false;

  // keyed tells whether all children can be told apart, so that only those that changed are touched.
  const keyed = (el) => el.children.length > 0 && [...el.children].every((c) => c.id);
  const inUse = (el) => el.contains(document.activeElement) && /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);

  // bare is what is compared: times grow older and people open details, and neither is news.
  function bare(el) {
    const copy = el.cloneNode(true);
    copy.querySelectorAll('time').forEach((t) => { t.textContent = ''; });
    copy.querySelectorAll('details').forEach((d) => { d.open = false; });
    return copy;
  }

  // settled tells whether nothing but times has changed, and brings those up to date.
  function settled(old, fresh) {
    if (!bare(old).isEqualNode(bare(fresh))) return false;
    const times = fresh.querySelectorAll('time');
    old.querySelectorAll('time').forEach((t, i) => { if (t.textContent !== times[i].textContent) t.textContent = times[i].textContent; });
    return true;
  }

  function replace(old, fresh) {
    const open = [...old.querySelectorAll('details')].map((d) => d.open);
    fresh.querySelectorAll('details').forEach((d, i) => { if (open[i]) d.open = true; });
    old.replaceWith(fresh);
  }

  function merge(old, fresh) {
    const before = new Map([...old.children].map((c) => [c.id, c]));
    let at = null;
    for (const next of [...fresh.children]) {
      let here = before.get(next.id);
      before.delete(next.id);
      const isNew = !here;
      if (here && !inUse(here) && !settled(here, next)) { replace(here, next); here = next; }
      if (isNew) here = next;
      const place = at ? at.nextElementSibling : old.firstElementChild;
      if (place !== here) old.insertBefore(here, place);
      if (isNew && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
        here.animate([{ opacity: 0.2, transform: 'translateY(-6px)' }, { opacity: 1, transform: 'none' }], 350);
      }
      at = here;
    }
    before.forEach((c) => c.remove());
  }

  async function refresh() {
    if (busy) { again = true; return; }
    if (document.hidden) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { credentials: 'same-origin', redirect: 'error' });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        for (const part of parts()) {
          const fresh = page.getElementById(part.id);
          if (!fresh || (inUse(part) && !keyed(part)) || settled(part, fresh)) continue;
          const next = document.importNode(fresh, true);
          if (keyed(part) && keyed(next)) merge(part, next); else replace(part, next);
        }
      }
    } catch (e) { /* the server is away; the stream comes back by itself */ }
    busy = false;
    if (again && !document.hidden) { again = false; setTimeout(refresh, 100); }
  }

  const stream = new EventSource('/live');
  stream.onopen = () => { if (pulse) pulse.hidden = false; refresh(); };
  stream.onerror = () => { if (pulse) pulse.hidden = true; };
  stream.onmessage = refresh;
  document.addEventListener('visibilitychange', () => { if (!document.hidden && again) { again = false; refresh(); } });
  addEventListener('pagehide', () => stream.close());
  setInterval(refresh, 30000); // "5 min ago" grows older although nothing happens
})();
