/** Whether the panel of the newest alarms is open. */
class AlarmPanel {
	isOpen = $state(false);
}

export const panel = new AlarmPanel();
