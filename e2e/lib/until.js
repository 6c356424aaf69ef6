// Waiting for what is to come, and no longer.

const LIMIT_MILLIS = 30_000;
const PAUSE_MILLIS = 50;

/** Asks again and again until the answer is yes. */
export async function until(what, asked) {
  const end = Date.now() + LIMIT_MILLIS;
  while (!(await asked())) {
    if (Date.now() > end) {
      throw new Error(`not within ${LIMIT_MILLIS / 1000} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
}

/** Waits until an element shows a text; where it does not, the error tells what the page shows, and its complaints. */
export async function shows(locator, text) {
  try {
    await locator.filter({ hasText: text }).first().waitFor();
  } catch (error) {
    const page = locator.page();
    const body = await page.locator('body').innerText().catch(String);
    throw new Error(`${error.message}\nexpected: ${text}\n${page.complaints.join('\n')}\n${body}`);
  }
}
