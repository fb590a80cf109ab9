/** From wherever an alarm is told of to the alarm itself. */
import { goto } from '$app/navigation';
import { resolve } from '$app/paths';

export function showAlarm(id: number): void {
	void goto(resolve(`/alarms?alarm=${id}`));
}
