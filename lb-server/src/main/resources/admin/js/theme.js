// The colours: as the system has them, or as chosen here. Runs before the page is first painted.

const KEY = 'breakwater.theme';
const CHOICES = ['system', 'light', 'dark'];
const watchers = [];

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing for this page
  }
}

let choice = CHOICES.includes(stored()) ? stored() : 'system';
apply();

function apply() {
  document.documentElement.dataset.theme = choice;
}

/** Makes a button go through the choices. */
export function themeButton(button) {
  const label = () => {
    button.textContent = `Theme: ${choice}`;
  };
  label();
  button.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    apply();
    label();
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // It holds for this page then.
    }
    watchers.forEach((watcher) => watcher());
  });
}

/** Calls back when the colours have changed, by the button or by the system. */
export function onThemeChange(watcher) {
  watchers.push(watcher);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', watcher);
}
