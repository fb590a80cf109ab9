// The texts come in the fragment: this page may call nothing and needs nothing else.
function show() {
  const texts = new URLSearchParams(location.hash.slice(1));
  for (const id of ['text', 'next', 'detail', 'retry']) {
    document.getElementById(id).textContent = texts.get(id) ?? '';
  }
  document.getElementById('retry').hidden = !texts.get('retry');
}
addEventListener('hashchange', show);
show();
