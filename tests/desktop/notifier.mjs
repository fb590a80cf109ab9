// The desktop's notification service, as much of it as a test needs to see that it was asked.
import { fileURLToPath } from 'node:url';
import { Skip, until } from './expect.mjs';
import { start } from './program.mjs';

export async function notifier() {
  if (!process.env.DBUS_SESSION_BUS_ADDRESS) throw new Skip('there is no session bus');
  // The system's own Python: others have no PyGObject.
  const service = start('/usr/bin/python3', [fileURLToPath(new URL('notifier.py', import.meta.url))]);
  await until('the notification service, or its end', 10_000, () => !service.running() || /^ready$/m.test(service.log()));
  if (!service.running()) throw new Skip('python3-gi is missing, or the session has a notification service already');
  const notices = () => service.log().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return { ...service, notices };
}
