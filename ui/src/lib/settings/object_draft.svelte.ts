/** A place in an S3-compatible store as it is being typed. */
import type { NewObjectPlace, ObjectPlacePatch, ObjectPlaceView } from '$lib/api';

const GB = 1_000_000_000;

export class ObjectDraft {
	endpoint = $state('');
	bucket = $state('');
	prefix = $state('');
	region = $state('');
	accessKey = $state('');
	secretKey = $state('');
	limitGb = $state(1000);

	/** Enough is typed to ask the store. */
	get isComplete(): boolean {
		const typed = [this.endpoint, this.bucket, this.accessKey, this.secretKey];
		return typed.every((text) => text.trim() !== '') && this.limitGb >= 2;
	}

	get place(): NewObjectPlace {
		return {
			endpoint: this.endpoint.trim(),
			bucket: this.bucket.trim(),
			prefix: this.prefix.trim() || undefined,
			region: this.region.trim() || undefined,
			access_key: this.accessKey.trim(),
			secret_key: this.secretKey,
			limit_bytes: Math.round(this.limitGb * GB)
		};
	}

	/** Shows what is stored; the secret key never comes back. */
	show(place: ObjectPlaceView): void {
		[this.accessKey, this.secretKey, this.limitGb] = [place.access_key, '', Math.round(place.limit_bytes / GB)];
	}

	/** What differs from what is stored; an empty secret key stays what it is. */
	change(from: ObjectPlaceView): ObjectPlacePatch | undefined {
		const patch: ObjectPlacePatch = {};
		if (this.accessKey.trim() !== from.access_key) patch.access_key = this.accessKey.trim();
		if (this.secretKey) patch.secret_key = this.secretKey;
		if (this.limitGb !== Math.round(from.limit_bytes / GB)) patch.limit_bytes = Math.round(this.limitGb * GB);
		return Object.keys(patch).length ? patch : undefined;
	}
}
