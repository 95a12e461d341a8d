/** Light or dark, before anything is drawn: a plain script, for modules come later. */
(() => {
  const root = document.documentElement;
  try {
    const chosen = localStorage.getItem('tintype.theme');
    if (chosen === 'light' || chosen === 'dark') root.dataset['theme'] = chosen;
  } catch {
    // No storage: the system's choice holds.
  }
})();
