/** The button that changes between light and dark. */

import { find } from './dom.js';

const DARK = matchMedia('(prefers-color-scheme: dark)');

export function setUpTheme() {
  const toggle = find('#theme', HTMLButtonElement);
  const isDark = () => {
    const chosen = document.documentElement.dataset['theme'];
    return chosen ? chosen === 'dark' : DARK.matches;
  };
  const tell = () => {
    toggle.setAttribute('aria-pressed', String(isDark()));
  };
  toggle.addEventListener('click', () => {
    const chosen = isDark() ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = chosen;
    try {
      localStorage.setItem('tintype.theme', chosen);
    } catch {
      // It holds until the page is closed.
    }
    tell();
  });
  DARK.addEventListener('change', tell);
  tell();
}
