/** What a person typed as a camera: a device to ask, or the address of one stream. Pure. */
export type Target = 'device' | 'stream';

/** Without a scheme it is a device. `http:` may be either: a path that is not ONVIF's is a stream of pictures. */
export function targetOf(text: string): Target {
	const url = /^([a-z][a-z0-9+.-]*):\/\/[^/]*(\/.*)?$/i.exec(text.trim());
	if (!url) return 'device';
	const [, scheme = '', path = '/'] = url;
	if (!/^https?$/i.test(scheme)) return 'stream';
	return path === '/' || /onvif/i.test(path) ? 'device' : 'stream';
}
