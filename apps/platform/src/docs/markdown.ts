/** A table; pipes in cells are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export const code = (text: string): string => `\`${text}\``;

/** Several things in one cell; a dash when there is none. */
export const list = (items: readonly string[], separator = '<br>'): string => items.join(separator) || '–';

export const mermaid = (...lines: string[]): string => ['```mermaid', ...lines, '```'].join('\n');

/** `trading` as a heading or a node says it. */
export const titled = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

export const paragraphs = (...parts: string[]): string => `${parts.filter((part) => part !== '').join('\n\n')}\n`;
