// Times as AWS's consoles show them. In: epoch seconds, as the API has them.
const form = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });

export function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const offset = -date.getTimezoneOffset();
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, '0');
  return `${form.format(date)} (UTC${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)})`;
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export function formatAgo(seconds: number, now = Date.now() / 1000): string {
  const distance = seconds - now;
  const [unit, size] = units.find(([, size]) => Math.abs(distance) >= size) ?? ['second', 1];
  return relative.format(Math.trunc(distance / size), unit);
}

// A time, with how long ago it was.
export function Time({ seconds, ago = false }: { seconds: number; ago?: boolean }) {
  const full = formatTime(seconds);
  return (
    <time dateTime={new Date(seconds * 1000).toISOString()} title={full}>
      {ago ? formatAgo(seconds) : full}
    </time>
  );
}
