'use strict';
(() => {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search).get('theme');
  let kept = null;
  try {
    if (asked) localStorage.setItem('theme', asked);
    kept = localStorage.getItem('theme');
  } catch { /* Storage may be forbidden; the address still works. */ }
  if (kept === 'light' || kept === 'dark') root.dataset.theme = kept;

  const turn = (event) => {
    const link = event.target.closest('a[data-theme-to]');
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    root.dataset.theme = link.dataset.themeTo;
    try { localStorage.setItem('theme', link.dataset.themeTo); } catch { /* As above. */ }
    const other = [...link.parentNode.querySelectorAll('a[data-theme-to]')].find((a) => a !== link);
    if (other) other.focus();
    const address = new URL(location.href);
    if (address.searchParams.delete('theme') || asked) history.replaceState(null, '', address);
  };

  const vote = async (event) => {
    const form = event.target.closest('form[data-vote]');
    if (!form) return;
    event.preventDefault();
    const said = form.querySelector('.said');
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      const answer = await fetch(form.action, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams(new FormData(form)),
      });
      const told = await answer.json();
      said.textContent = told.message + ' ';
      if (!told.kept) return;
      const link = document.createElement('a');
      link.href = told.url;
      link.textContent = new URL(told.url, location.href).pathname;
      said.append(link);
      form.classList.add('kept');
    } catch {
      form.submit();
    } finally {
      button.disabled = form.classList.contains('kept');
    }
  };

  const copyable = () => {
    if (!navigator.clipboard) return;
    const zh = root.lang === 'zh';
    for (const block of document.querySelectorAll('pre > code')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'copy';
      button.textContent = zh ? '复制' : 'Copy';
      button.addEventListener('click', async () => {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = zh ? '已复制' : 'Copied';
        setTimeout(() => { button.textContent = zh ? '复制' : 'Copy'; }, 2000);
      });
      block.parentNode.prepend(button);
    }
  };

  const reveal = () => {
    const cause = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = cause && cause.closest('.cause') && cause.closest('.cause').querySelector('details');
    if (details) details.open = true;
  };

  document.addEventListener('click', turn);
  document.addEventListener('submit', vote);
  window.addEventListener('hashchange', reveal);
  document.addEventListener('DOMContentLoaded', () => { copyable(); reveal(); });
})();
