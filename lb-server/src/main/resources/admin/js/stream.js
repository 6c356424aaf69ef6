// Server-sent events out of a stream of bytes (the HTML standard, section 9.2.6).

/**
 * Yields each event; a comment, such as a ping, is an event named `comment`.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{name: string, id: ?string, data: any}>} data as JSON
 */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let id = null;
  let name = 'message';
  let data = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) {
            yield { name, id, data: JSON.parse(data.join('\n')) };
          }
          name = 'message';
          data = [];
        } else if (line.startsWith(':')) {
          yield { name: 'comment', id, data: null };
        } else {
          const colon = line.indexOf(':');
          const field = colon < 0 ? line : line.slice(0, colon);
          const content = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
          if (field === 'event') {
            name = content;
          } else if (field === 'data') {
            data.push(content);
          } else if (field === 'id') {
            id = content;
          }
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
