/** `Gate 2026-11-25 21-47-37.mp4`: a name that every file system takes. */
export function clipName(camera: string, localTime: string): string {
	const name = camera.replace(/[\\/:*?"<>|\p{Cc}]/gu, '_').trim();
	return `${name} ${localTime.replace('T', ' ').replaceAll(':', '-')}.mp4`;
}
